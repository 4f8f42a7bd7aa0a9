//! Who makes a request, and what that caller may see.

use crate::{CustomerId, IdError, OrderId, Secrets};

/// On whose behalf a request is made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Caller {
    /// One of the retailer's own programs, which may act for every customer.
    Backend,
    /// A customer with a token, who may act for himself only (P9).
    Customer(CustomerId),
}

impl Caller {
    /// Whether the caller may order as this customer, and list his orders.
    pub fn may_act_for(&self, customer: &CustomerId) -> bool {
        match self {
            Self::Backend => true,
            Self::Customer(caller) => caller == customer,
        }
    }

    /// Whether the id was made here, and the caller may ask for it. An id of the first version does not say whose it is, so
    /// [`Self::may_see`] has the last word.
    ///
    /// # Errors
    /// As [`Secrets::verify`]; [`IdError::Forged`] for an id of another customer.
    pub fn verify(&self, id: &OrderId, secrets: &Secrets) -> Result<(), IdError> {
        match self {
            Self::Backend => secrets.verify(id),
            Self::Customer(customer) => secrets.verify_for(id, customer),
        }
    }

    /// Whether the caller may hear what became of the order, whose id [`Self::verify`] let pass. `customer` is who ordered, where
    /// storage says so. Where it does not, the id must.
    pub fn may_see(&self, id: &OrderId, customer: Option<&CustomerId>) -> bool {
        match customer {
            Some(customer) => self.may_act_for(customer),
            None => *self == Self::Backend || id.says_whose(),
        }
    }
}
