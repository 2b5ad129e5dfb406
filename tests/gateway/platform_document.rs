//! The document of the platform's APIs says what the table in the code says.

use nontax_gateway::platform::APIS;

#[test]
fn the_document_lists_every_api_as_the_table_has_it() {
    let document = include_str!("../../docs/platform-apis.md");
    let rows: Vec<Vec<&str>> = document
        .lines()
        .filter(|line| line.contains("`nontax api ") && line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert_eq!(rows.len(), APIS.len());
    for (row, api) in rows.iter().zip(APIS) {
        let command = format!("`nontax api {}`", api.name);
        let route = api.admin_route.unwrap_or("-");
        let expected = [api.name, api.path, api.section, api.callers, &command, route, api.repetition.text()];
        assert_eq!(row[..expected.len()], expected);
    }
}
