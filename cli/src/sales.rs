//! Sales, as a retailer's file has them: one order from each invoice.

pub(crate) mod doubts;
mod header;
pub mod invoices;
mod price;
