//! One way to hash several parts, so that no two lists of parts can give the same input.

use sha2::{Digest, Sha256};

/// SHA-256 over a domain tag and the parts, each preceded by its length (8 bytes, big endian).
///
/// The tag keeps hashes of different purposes apart, the lengths keep `("ab", "c")` and `("a", "bc")` apart.
pub(crate) fn tagged_sha256(tag: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in std::iter::once(&tag.as_bytes()).chain(parts) {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_cannot_move_from_one_part_to_the_next() {
        let hashes = [
            tagged_sha256("t", &[b"ab", b"c"]),
            tagged_sha256("t", &[b"a", b"bc"]),
            tagged_sha256("t", &[b"abc"]),
            tagged_sha256("ta", &[b"b", b"c"]),
        ];
        for (i, a) in hashes.iter().enumerate() {
            assert!(hashes[i + 1..].iter().all(|b| a != b));
        }
    }
}
