//! The use cases, one file each. They know the rules and the store's promises, and neither HTTP nor SQL.

pub mod import_notices;
pub mod notice_file;
