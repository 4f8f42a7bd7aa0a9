//! Sales, as a retailer's file has them: one order from each invoice.

pub mod invoices;
mod price;
