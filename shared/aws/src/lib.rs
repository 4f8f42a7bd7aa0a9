#![doc = include_str!("../README.md")]

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// The service's error code. Without one it is how far the call came, in words of our own.
pub fn failure<E, R>(error: &SdkError<E, R>) -> &str
where
    SdkError<E, R>: ProvideErrorMetadata,
{
    match (error.code(), error) {
        (Some(code), _) => code,
        (None, SdkError::TimeoutError(_)) => "timed out",
        (None, SdkError::DispatchFailure(_)) => "no connection",
        (None, SdkError::ConstructionFailure(_)) => "the request could not be built",
        (None, _) => "the answer has no code",
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_types::error::{ErrorMetadata, metadata::ProvideErrorMetadata};

    use super::*;

    #[derive(Debug)]
    struct Refusal(ErrorMetadata);

    impl ProvideErrorMetadata for Refusal {
        fn meta(&self) -> &ErrorMetadata {
            &self.0
        }
    }

    #[test]
    fn the_code_stands_for_the_words() {
        let metadata = ErrorMetadata::builder()
            .code("ValidationException")
            .message("12 High Street is too long")
            .build();
        let error = SdkError::service_error(Refusal(metadata), ());
        assert_eq!(failure(&error), "ValidationException");
    }

    #[test]
    fn without_a_code_it_says_how_far_the_call_came() {
        let no_code = || Refusal(ErrorMetadata::builder().build());
        let timeout: SdkError<Refusal, ()> =
            SdkError::timeout_error(io::Error::other("12 High Street"));
        let io = ConnectorError::io(io::Error::other("12 High Street").into());
        let dispatch: SdkError<Refusal, ()> = SdkError::dispatch_failure(io);
        for (error, words) in [
            (timeout, "timed out"),
            (dispatch, "no connection"),
            (
                SdkError::construction_failure("12 High Street"),
                "the request could not be built",
            ),
            (
                SdkError::service_error(no_code(), ()),
                "the answer has no code",
            ),
        ] {
            assert_eq!(failure(&error), words);
        }
    }
}
