//! Files that a person names: read whole, and told what they are where they are nothing that can be read as text.

use std::{
    fs::File,
    io::{ErrorKind, Read},
    path::{Path, PathBuf},
};

/// How files begin that are not text, and what to do with them.
const NO_TEXT: [(&[u8], &str); 6] = [
    (
        b"\x1f\x8b",
        "it is compressed with gzip: unpack it first (gunzip)",
    ),
    (
        b"PK\x03\x04",
        "it is a zip archive, or a workbook (.xlsx): unpack it, or save it as CSV in UTF-8",
    ),
    (
        b"\xd0\xcf\x11\xe0",
        "it is a workbook (.xls): save it as CSV in UTF-8",
    ),
    (
        b"\x28\xb5\x2f\xfd",
        "it is compressed with zstd: unpack it first (unzstd)",
    ),
    (
        b"BZh",
        "it is compressed with bzip2: unpack it first (bunzip2)",
    ),
    (b"PAR1", "it is Parquet: write it as CSV in UTF-8"),
];

/// The name of a file for a message.
pub(crate) fn name(path: &Path) -> String {
    if is_standard_input(path) {
        return "standard input".to_owned();
    }
    super::output::tame(&path.display().to_string())
}

/// The text of a file; `-` is standard input. UTF-8 or, if a byte order mark says so, UTF-16. The mark is left out.
///
/// # Errors
/// It cannot be read, is empty, or is no text: the message says what it is, and what to do.
pub(crate) async fn text(path: &Path) -> Result<String, String> {
    let path: PathBuf = path.to_owned();
    // On a thread of its own: standard input may never end, and a signal has to be heard meanwhile.
    let read = tokio::task::spawn_blocking(move || decoded(bytes(&path)?));
    read.await.unwrap_or_else(|error| Err(error.to_string()))
}

fn is_standard_input(path: &Path) -> bool {
    path == Path::new("-")
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = if is_standard_input(path) {
        std::io::stdin().read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    match read {
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == ErrorKind::IsADirectory => Err("it is a folder".to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err("there is no such file".to_owned())
        }
        Err(error) => Err(error.to_string()),
    }
}

/// Bytes as text.
pub(crate) fn decoded(bytes: Vec<u8>) -> Result<String, String> {
    if let Some((_, what)) = NO_TEXT.iter().find(|(begin, _)| bytes.starts_with(begin)) {
        return Err((*what).to_owned());
    }
    let text = match bytes.as_slice() {
        [0xff, 0xfe, 0, 0, ..] => return Err("it is UTF-32: save it as UTF-8".to_owned()),
        [0xff, 0xfe, rest @ ..] => utf_16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => utf_16(rest, u16::from_be_bytes)?,
        _ => utf_8(bytes)?,
    };
    let text = match text.strip_prefix('\u{feff}') {
        Some(text) => text.to_owned(),
        None => text,
    };
    if text.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    if let Some(at) = text.find('\0') {
        let line = line(&text.as_bytes()[..at]);
        return Err(format!(
            "line {line}: it holds a zero byte. Is it UTF-16? Save it as UTF-8"
        ));
    }
    Ok(text)
}

fn utf_8(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = line(&error.as_bytes()[..valid]);
        format!(
            "line {line}: it is not UTF-8. Save it as UTF-8, or convert it (iconv -f WINDOWS-1252 -t UTF-8)"
        )
    })
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    let text = text.ok().filter(|_| rest.is_empty());
    text.ok_or_else(|| "its beginning says UTF-16, and it is not. Save it as UTF-8".to_owned())
}

/// The line that the text after these bytes stands in.
fn line(before: &[u8]) -> usize {
    before.split(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf_16_of(text: &str, mark: [u8; 2], bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let units = text.encode_utf16().flat_map(bytes);
        mark.into_iter().chain(units).collect()
    }

    #[test]
    fn a_byte_order_mark_says_what_it_is_and_is_left_out() {
        let text = "a,é,😀\n";
        for bytes in [
            text.as_bytes().to_vec(),
            format!("\u{feff}{text}").into_bytes(),
            utf_16_of(text, [0xff, 0xfe], u16::to_le_bytes),
            utf_16_of(text, [0xfe, 0xff], u16::to_be_bytes),
        ] {
            assert_eq!(decoded(bytes).as_deref(), Ok(text));
        }
    }

    #[test]
    fn what_is_no_text_is_told_what_it_is() {
        for (bytes, what) in [
            (&b""[..], "it is empty"),
            (b"\xef\xbb\xbf \n", "it is empty"),
            (b"\x1f\x8b\x08\0", "gzip"),
            (b"PK\x03\x04\0", "workbook (.xlsx)"),
            (b"\xff\xfea", "says UTF-16, and it is not"),
            (b"\xff\xfe\x00\xd8", "says UTF-16, and it is not"),
            (b"\xff\xfe\0\0a\0\0\0", "UTF-32"),
            (b"a\nb\0", "line 2: it holds a zero byte"),
            (b"a\ncaf\xe9", "line 2: it is not UTF-8"),
        ] {
            let error = decoded(bytes.to_vec()).unwrap_err();
            assert!(error.contains(what), "{bytes:?}: {error}");
        }
    }

    #[tokio::test]
    async fn a_folder_and_a_file_that_is_not_there_are_told_apart() {
        let here = text(Path::new(env!("CARGO_MANIFEST_DIR"))).await;
        assert_eq!(here, Err("it is a folder".to_owned()));
        let none = text(Path::new("no such file")).await;
        assert_eq!(none, Err("there is no such file".to_owned()));
    }
}
