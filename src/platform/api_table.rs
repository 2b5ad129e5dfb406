//! Every API of the platform in one table: for the command line, for the document, and for what may be repeated.

use super::{
    DOWNLOAD_BILL, GET_AUTH_URL, GET_ORDER, GET_ORDER_LIST, GET_REAL_NAME, MICROPAY, MOCK_NOTIFICATION, MOCK_QUERY_FEE,
    NOTIFY_INCONSISTENT_ORDER, QUERY_FEE, REFUND, STABLE_TOKEN, UNIFIED_ORDER,
};

/// Whether a call may be made again when its outcome is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Repetition {
    /// It changes nothing, or the same once more.
    Safe,
    /// With the `refund_out_id` of the first call: the platform knows it again.
    WithRefundOutId,
    /// It may do twice what was wanted once: whoever called decides.
    Never,
}

impl Repetition {
    /// In words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Safe => "yes",
            Self::WithRefundOutId => "with the same refund_out_id",
            Self::Never => "no",
        }
    }
}

/// An API of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Api {
    /// The method of `nontax api`.
    pub name: &'static str,
    /// The path on the wire.
    pub path: &'static str,
    /// Where the sources describe it.
    pub section: &'static str,
    /// Whom the sources give it to.
    pub callers: &'static str,
    /// The gateway's own route for it, on the admin listener.
    pub admin_route: Option<&'static str>,
    /// Whether it may be repeated.
    pub repetition: Repetition,
}

const fn api(name: &'static str, path: &'static str, section: &'static str, callers: &'static str) -> Api {
    Api { name, path, section, callers, admin_route: None, repetition: Repetition::Safe }
}

const fn once(api: Api, repetition: Repetition) -> Api {
    Api { repetition, ..api }
}

/// All of them.
pub const APIS: [Api; 14] = [
    api("queryfee", QUERY_FEE, "§6.1.1", "government unit"),
    Api {
        admin_route: Some("POST /admin/v1/orders"),
        repetition: Repetition::Never,
        ..api("unifiedorder", UNIFIED_ORDER, "§6.1.2", "government unit")
    },
    api("getorder", GET_ORDER, "§6.1.3", "all"),
    api("getorderlist", GET_ORDER_LIST, "§6.1.10", "all"),
    Api {
        admin_route: Some("POST /admin/v1/refunds"),
        repetition: Repetition::WithRefundOutId,
        ..api("refund", REFUND, "§6.1.4", "bank")
    },
    api("downloadbill", DOWNLOAD_BILL, "§6.1.5", "bank"),
    once(api("notifyinconsistentorder", NOTIFY_INCONSISTENT_ORDER, "§6.1.6", "finance"), Repetition::Never),
    once(api("mocknotification", MOCK_NOTIFICATION, "§6.1.7", "all"), Repetition::Never),
    once(api("mockqueryfee", MOCK_QUERY_FEE, "§6.1.8", "all"), Repetition::Never),
    Api {
        admin_route: Some("POST /admin/v1/micropay"),
        repetition: Repetition::Never,
        ..api("micropay", MICROPAY, "§6.1.9", "government unit")
    },
    api("getclientip", "the user's page calls it", "§8", "government unit"),
    api("getauthurl", GET_AUTH_URL, "§9.2", "government unit"),
    once(api("getrealname", GET_REAL_NAME, "§9.3", "government unit"), Repetition::Never),
    Api { admin_route: Some("GET /admin/v1/token"), ..api("token", STABLE_TOKEN, "§4.1.1", "all") },
];

impl Api {
    /// The API of a method's name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        APIS.iter().find(|api| api.name == name)
    }

    /// What a path may be repeated for; nothing is said of an unknown one.
    pub(super) fn repetition_of(path: &str) -> Repetition {
        APIS.iter().find(|api| api.path == path).map_or(Repetition::Never, |api| api.repetition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_questions_are_repeated_and_refunds_by_their_number() {
        for api in &APIS {
            let expected = match api.path {
                // Money, a wx_realname_token that may be good for one name, and calls that send callbacks.
                UNIFIED_ORDER
                | MICROPAY
                | GET_REAL_NAME
                | NOTIFY_INCONSISTENT_ORDER
                | MOCK_NOTIFICATION
                | MOCK_QUERY_FEE => Repetition::Never,
                REFUND => Repetition::WithRefundOutId,
                _ => Repetition::Safe,
            };
            assert_eq!(Api::repetition_of(api.path), expected, "{}", api.name);
        }
        assert_eq!(Api::repetition_of("/nontax/unheard"), Repetition::Never);
    }

    #[test]
    fn names_and_paths_stand_once() {
        for api in &APIS {
            assert_eq!(APIS.iter().filter(|other| other.name == api.name || other.path == api.path).count(), 1);
        }
    }
}
