//! What a database tells about itself to somebody who must not change it.

use super::SchemaState;

/// A database that was reached, as it is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// Product and version, such as `PostgreSQL 16.4`.
    pub product: String,
    /// Why this version of the product is not one that the stores are made for.
    pub unsupported: Option<String>,
    /// Whether the schema is this version's.
    pub schema: SchemaState,
    /// Why it could not be written, as far as that shows without writing.
    pub not_writable: Option<String>,
}
