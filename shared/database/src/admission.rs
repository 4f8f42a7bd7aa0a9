//! How a user is let in.

use std::fmt;

/// How the functions' user logs in, as whoever makes the user has to know.
#[derive(Clone, PartialEq, Eq)]
pub enum Admission {
    /// By this password.
    Password(String),
    /// By a token from IAM, which RDS checks.
    Token,
    /// By a way that whoever runs RDS Proxy has chosen: the proxy logs in for it, so the user must be there, and stays as it is.
    ByProxy,
    /// By nothing: the server trusts whoever reaches it. Only a database on this machine may do that.
    Trusted,
}

/// It shows nothing of the password.
impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password(_) => "Password(..)",
            Self::Token => "Token",
            Self::ByProxy => "ByProxy",
            Self::Trusted => "Trusted",
        })
    }
}
