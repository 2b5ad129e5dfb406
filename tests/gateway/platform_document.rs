//! The document of the platform's APIs says what the table in the code says, and the simulator has them.

use nontax_gateway::envelope::{KeyEncoding, SigningKey, SymmetricKey};
use nontax_gateway::platform::APIS;
use nontax_gateway::simulator::{Settings, SimulatedParty, Simulator};
use tokio::net::TcpListener;

const SIGNING_KEY: &str = include_str!("../fixtures/envelope/TEST-ONLY-platform-private.pem");

/// The rows of the document's table.
fn rows() -> Vec<Vec<&'static str>> {
    let document = include_str!("../../docs/platform-apis.md");
    let lines = document.lines().filter(|line| line.contains("`nontax api ") && line.starts_with('|'));
    lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

#[test]
fn the_document_lists_every_api_as_the_table_has_it() {
    let rows = rows();
    assert_eq!(rows.len(), APIS.len());
    for (row, api) in rows.iter().zip(APIS) {
        let command = format!("`nontax api {}`", api.name);
        let route = api.admin_route.unwrap_or("-");
        let expected = [api.name, api.path, api.section, api.callers, &command, route, api.repetition.text()];
        assert_eq!(row[..expected.len()], expected);
        let admin_api = include_str!("../../docs/admin-api.md");
        assert!(route == "-" || admin_api.contains(&format!("\n## {route}\n")), "{route}");
    }
}

#[tokio::test]
async fn the_simulator_has_every_api_that_the_document_says_it_has() {
    let key = SymmetricKey::read("1", b"0123456789abcdefghijklmnopqrstuv", KeyEncoding::Raw).unwrap();
    let party = SimulatedParty::new("unit", "wx1", "secret", key);
    let settings = Settings::new(SigningKey::read(SIGNING_KEY).unwrap(), vec![party]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(Simulator::new(settings).unwrap().serve(listener, std::future::pending()));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    // What it lacks is 404; a call that it does not like is answered as the platform does, with 200.
    let absent = client.post(format!("{base}/nontax/unheard")).body("{}").send().await.unwrap();
    assert_eq!(absent.status().as_u16(), 404);
    for row in rows() {
        assert_eq!(row[7], "yes", "{row:?}");
        // The one without a path is called by the user's page, which nontax api is told the URL of.
        let call = if row[1].starts_with('/') {
            client.post(format!("{base}{}", row[1]))
        } else {
            client.get(format!("{base}/intp/getclientip"))
        };
        assert_eq!(call.body("{}").send().await.unwrap().status().as_u16(), 200, "{row:?}");
    }
}
