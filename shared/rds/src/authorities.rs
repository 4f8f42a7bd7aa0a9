//! Whose certificates are trusted: the region's authorities of RDS, and Amazon's own, which sign for RDS Proxy.

use sluice_runtime::AMAZON_ROOTS;

/// Each certificate stands below a line `# REGION …`.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html>
const RDS: &str = include_str!("authorities.pem");

/// The authorities for databases in a region, PEM. `None` if RDS's of that region are not known here.
pub fn of_region(region: &str) -> Option<Vec<u8>> {
    let of_region = RDS
        .split_inclusive("-----END CERTIFICATE-----\n")
        .filter(|part| {
            part.strip_prefix("# ")
                .and_then(|rest| rest.split(' ').next())
                == Some(region)
        });
    let mut pem: Vec<u8> = of_region.collect::<String>().into_bytes();
    if pem.is_empty() {
        return None;
    }
    pem.extend_from_slice(AMAZON_ROOTS);
    Some(pem)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn certificates(pem: &[u8]) -> usize {
        sluice_database::authorities(pem).unwrap().len()
    }

    #[test]
    fn a_region_has_its_own_three_and_amazon_s() {
        let amazon = certificates(AMAZON_ROOTS);
        let regions: BTreeSet<_> = RDS
            .lines()
            .filter_map(|line| line.strip_prefix("# ")?.split(' ').next())
            .collect();
        assert!(regions.len() > 20, "{regions:?}");
        for region in regions {
            let pem = of_region(region).unwrap();
            assert_eq!(certificates(&pem), amazon + 3, "{region}");
        }
    }

    #[test]
    fn another_region_has_none() {
        assert_eq!(of_region("eu-west-9"), None);
        assert_eq!(of_region(""), None);
        assert_eq!(of_region("eu"), None);
    }
}
