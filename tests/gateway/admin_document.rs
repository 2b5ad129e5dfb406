//! The document of the admin API has every route, every word of an error and every scope.

use nontax_gateway::domain::Scope;

const DOCUMENT: &str =
    concat!(include_str!("../../docs/admin-api.md"), "\n", include_str!("../../docs/admin-api-book.md"));

const ROUTER: &str = include_str!("../../src/server/router.rs");

/// Whatever answers with a problem.
const SOURCES: [&str; 14] = [
    ROUTER,
    include_str!("../../src/server/bearer.rs"),
    include_str!("../../src/server/desk.rs"),
    include_str!("../../src/server/events.rs"),
    include_str!("../../src/server/journals.rs"),
    include_str!("../../src/server/micropay.rs"),
    include_str!("../../src/server/notice_upload.rs"),
    include_str!("../../src/server/notices.rs"),
    include_str!("../../src/server/orders.rs"),
    include_str!("../../src/server/payments.rs"),
    include_str!("../../src/server/problem.rs"),
    include_str!("../../src/server/refunds.rs"),
    include_str!("../../src/server/suspensions.rs"),
    include_str!("../../src/server/token.rs"),
];

/// The words that stand behind a status, or in the brackets of what makes one.
fn words(source: &str) -> Vec<&str> {
    let after_status = source.split("StatusCode::").skip(1).filter_map(|rest| {
        let rest = rest.trim_start_matches(|letter: char| letter.is_ascii_uppercase() || letter == '_');
        rest.strip_prefix(',')?.trim_start().strip_prefix('"')
    });
    let makers = ["conflict(\"", "invalid(\"", "unavailable(\""];
    let in_brackets = makers.iter().flat_map(|maker| source.split(maker).skip(1));
    let words = after_status.chain(in_brackets).filter_map(|rest| rest.split('"').next());
    words.filter(|word| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')).collect()
}

/// Every route of the admin API: method and path.
pub(crate) fn routes() -> Vec<(String, String)> {
    let api = ROUTER.split("fn admin_api").nth(1).unwrap();
    let mut routes = Vec::new();
    for route in api.split(".route(").skip(1) {
        let (path, handlers) = route.trim_start().trim_start_matches('"').split_once('"').unwrap();
        let handlers = handlers.split("\n        .").next().unwrap();
        for handler in handlers.split([',', '.']).filter_map(|handler| handler.trim().split_once('(')) {
            let method = handler.0.to_uppercase();
            if ["GET", "POST", "PUT", "DELETE", "PATCH"].contains(&method.as_str()) {
                routes.push((method, format!("/admin/v1{path}")));
            }
        }
    }
    routes
}

#[test]
fn every_route_has_its_section() {
    let routes = routes();
    for (method, path) in &routes {
        assert!(DOCUMENT.contains(&format!("\n## {method} {path}\n")), "{method} {path}");
    }
    assert_eq!(DOCUMENT.matches("\n## ").count(), routes.len() + 1, "a section for each route, and one for all");
}

#[test]
fn every_error_is_told() {
    let words: Vec<&str> = SOURCES.iter().flat_map(|source| words(source)).collect();
    assert!(words.contains(&"database_unavailable") && words.contains(&"open_order") && words.len() > 30, "{words:?}");
    for word in words {
        assert!(DOCUMENT.contains(&format!("`{word}`")), "{word}");
    }
}

#[test]
fn every_scope_is_told() {
    for scope in Scope::ALL {
        assert!(DOCUMENT.contains(&format!("`{}`", scope.name())), "{}", scope.name());
    }
}
