//! The committed OpenAPI document is the router's: each route has its entry and each entry its route, and what the gateway answers
//! in any test of the admin API fits the schema of the answer.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use crate::admin_document::routes;
use crate::served::Setup;
use crate::stores::sqlite;

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../docs/openapi.json")).unwrap());

/// Fails unless an answer fits its schema. Paths that the document does not have are another test's business.
pub(crate) fn check(method: &str, path: &str, status: u16, body: &Value) {
    let Some(operation) = operation(method, path) else { return };
    let responses = &operation["responses"];
    let response = responses.get(status.to_string()).unwrap_or(&responses["default"]);
    assert!(status >= 400 || responses.get(status.to_string()).is_some(), "{method} {path}: {status} is not described");
    let content = resolved(response)["content"].as_object().unwrap();
    let schema = &content.values().next().unwrap()["schema"];
    if let Err(problem) = fits(schema, body, "body") {
        panic!("{method} {path} {status}: {problem}: {body}");
    }
}

fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let parts: Vec<_> = path.split('/').collect();
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let fitting = paths.iter().filter(|(template, _)| {
        let template: Vec<_> = template.split('/').collect();
        template.len() == parts.len() && template.iter().zip(&parts).all(|(of, part)| of.starts_with('{') || of == part)
    });
    // A path without a parameter goes before one with.
    fitting
        .min_by_key(|(template, _)| template.matches('{').count())
        .and_then(|(_, item)| item.get(method.to_lowercase()))
}

/// What a `$ref` points at.
fn resolved(value: &'static Value) -> &'static Value {
    let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return value };
    let found = DOCUMENT.pointer(reference.strip_prefix('#').unwrap());
    resolved(found.unwrap_or_else(|| panic!("{reference} points nowhere")))
}

/// Whether a value fits a schema, as far as the document's schemas go.
fn fits(schema: &'static Value, value: &Value, place: &str) -> Result<(), String> {
    let schema = resolved(schema);
    for (keyword, rule) in schema.as_object().unwrap() {
        let kept = match keyword.as_str() {
            "type" => is_of(rule, value),
            "enum" => rule.as_array().unwrap().contains(value),
            "const" => rule == value,
            "minimum" => value.is_null() || value.as_i64() >= rule.as_i64(),
            "maximum" => value.is_null() || value.as_i64() <= rule.as_i64(),
            "anyOf" => rule.as_array().unwrap().iter().any(|one| fits(one, value, place).is_ok()),
            "required" => rule.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
            "additionalProperties" => {
                let known = schema["properties"].as_object().unwrap();
                *rule == json!(true)
                    || value.as_object().is_none_or(|members| members.keys().all(|name| known.contains_key(name)))
            }
            "format" => value.as_str().is_none_or(|text| text.parse::<jiff::Timestamp>().is_ok()),
            "pattern" => {
                value.as_str().is_none_or(|text| text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()))
            }
            "properties" | "items" | "description" | "maxLength" | "minLength" => true,
            other => return Err(format!("the check of {other} is not written")),
        };
        if !kept {
            return Err(format!("{place} breaks {keyword} {rule}"));
        }
    }
    if let (Some(properties), Some(members)) = (schema.get("properties").and_then(Value::as_object), value.as_object())
    {
        members_fit(properties, members, place)?;
    }
    if let (Some(items), Some(rows)) = (schema.get("items"), value.as_array()) {
        for (index, row) in rows.iter().enumerate() {
            fits(items, row, &format!("{place}[{index}]"))?;
        }
    }
    Ok(())
}

fn members_fit(
    properties: &'static Map<String, Value>,
    members: &Map<String, Value>,
    place: &str,
) -> Result<(), String> {
    for (name, value) in members {
        if let Some(schema) = properties.get(name) {
            fits(schema, value, &format!("{place}.{name}"))?;
        }
    }
    Ok(())
}

fn is_of(types: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str().unwrap() {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "null" => value.is_null(),
        other => panic!("there is no type {other}"),
    };
    types.as_array().map_or_else(|| is(types), |types| types.iter().any(is))
}

#[test]
fn every_route_has_its_entry_and_the_other_way_round() {
    let of_router: BTreeSet<_> = routes().into_iter().collect();
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let of_document: BTreeSet<_> = paths
        .iter()
        .flat_map(|(path, item)| item.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())))
        .collect();
    assert!(of_router.len() > 20);
    assert_eq!(of_document, of_router);
}

#[test]
fn every_entry_names_its_parameters_scopes_and_itself() {
    let mut ids = BTreeSet::new();
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{method} {path}");
            let open = operation["security"] == json!([]);
            assert!(open || operation["description"].as_str().unwrap().starts_with("Scope "), "{method} {path}");
            let named: BTreeSet<_> = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|one| one["in"] == "path")
                .map(|one| one["name"].as_str().unwrap())
                .collect();
            let in_path: BTreeSet<_> =
                path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
            assert_eq!(named, in_path, "{method} {path}");
        }
    }
}

#[test]
fn every_reference_points_somewhere_and_no_schema_is_left_over() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    references(&DOCUMENT, &mut found);
    assert!(found.iter().all(|reference| DOCUMENT.pointer(&reference[1..]).is_some()));
    for name in DOCUMENT["components"]["schemas"].as_object().unwrap().keys() {
        assert!(found.contains(&format!("#/components/schemas/{name}")), "{name}");
    }
}

#[test]
fn an_answer_that_does_not_fit_is_found() {
    let page = json!({ "notices": [], "next": null });
    let schema = &DOCUMENT["components"]["schemas"]["NoticePage"];
    assert_eq!(fits(schema, &page, "body"), Ok(()));
    for wrong in [
        json!({ "notices": [] }),
        json!({ "notices": [1], "next": null }),
        json!({ "notices": [], "next": 1 }),
        json!({ "notices": [], "next": null, "more": 1 }),
    ] {
        assert!(fits(schema, &wrong, "body").is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn the_document_is_served_as_it_is_committed() {
    let test = sqlite().await;
    let served = Setup::default().serve(&test.store).await;
    let answer = served.api_get("/admin/v1/openapi.json", None).await;
    assert_eq!((answer.status, &answer.body), (200, &*DOCUMENT));
}
