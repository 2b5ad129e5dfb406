//! The story of some notices: queried, paid, notified again, paid twice, wrongly signed, refunded.

use super::telling::{self, Telling};
use super::world::{APPID, PARTY, World};
use crate::cli::{Exit, Failure};
use crate::simulator::{ApiError, Callback, Exchange, Variant};
use crate::wire::{MockRequest, QueryFeeReply, QueryFeeRequest, RefundRequest};

const REGION: &str = "440100";
const TRAFFIC_POLICE: &str = "143605002004";
const ENTRY_EXIT: &str = "118610002";
const FINE: &str = "4401042026001";
const TICKET: &str = "4401042026002";
const LATE: &str = "4401042026003";
const CANCELED: &str = "4401042026004";
const ONE_BANK_ONLY: &str = "4401042026005";

/// Tells it.
///
/// # Errors
/// [`Failure`] when the Weixin side itself refuses a step, so that the story cannot go on.
pub(super) async fn tell(world: &World, telling: &mut Telling) -> Result<(), Failure> {
    query_and_pay(world, telling).await.map_err(stuck)?;
    refused_queries(world, telling).await.map_err(stuck)?;
    forged(world, telling).await.map_err(stuck)?;
    refund(world, telling).await.map_err(stuck)?;
    partial_refund(world, telling).await.map_err(stuck)?;
    platform_tests(world, telling).await.map_err(stuck)
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err, where an error comes by value")]
fn stuck(error: ApiError) -> Failure {
    Failure::from_error(Exit::Failure, &error)
}

async fn query_and_pay(world: &World, telling: &mut Telling) -> Result<(), ApiError> {
    telling::chapter("1. A citizen asks what is due.", "市民查询应缴款");
    let exchange = query(world, FINE, TRAFFIC_POLICE).await?;
    telling.call(&exchange, 0);
    let fine = exchange.receivable()?;

    telling::chapter("2. The citizen pays; the platform notifies.", "市民缴款,平台通知");
    let first = place(world, &fine)?;
    tell_all(telling, &world.simulator.pay(&first).await?, &[0]);

    telling::chapter("3. The reply got lost, the platform notifies again.", "应答丢失,平台重复通知");
    telling.call(&world.simulator.notify_once(&first, None, PARTY, Variant::Genuine).await?, 0);

    telling::chapter("4. Somebody asks for the notice once more.", "再次查询该通知书");
    telling.call(&query(world, FINE, TRAFFIC_POLICE).await?, 232);

    telling::chapter(
        "5. A second order pays the same notice: refused, and the platform refunds it.",
        "另一订单重复缴款:拒绝,平台自动退款",
    );
    let second = place(world, &fine)?;
    tell_all(telling, &world.simulator.pay(&second).await?, &[232, 0]);
    let status = world.simulator.order(&second)?.status;
    telling
        .check("the platform refunded the second order, and the first one still settles the notice", status == Some(5));
    telling.call(&query(world, FINE, TRAFFIC_POLICE).await?, 232);
    Ok(())
}

async fn refused_queries(world: &World, telling: &mut Telling) -> Result<(), ApiError> {
    telling::chapter("6. Notices that may not be paid.", "不可缴款的通知书");
    telling.call(&query(world, "no-such-notice", TRAFFIC_POLICE).await?, 231);
    telling.call(&query(world, CANCELED, ENTRY_EXIT).await?, 233);
    telling.call(&query(world, LATE, TRAFFIC_POLICE).await?, 235);
    telling.call(&query(world, ONE_BANK_ONLY, ENTRY_EXIT).await?, 236);
    Ok(())
}

async fn forged(world: &World, telling: &mut Telling) -> Result<(), ApiError> {
    telling::chapter(
        "7. Forged requests: whatever is wrong with them, the replies look alike from outside.",
        "伪造的请求:外部无法区分错误原因",
    );
    let forged = br#"{"order_id":"forged","status":3,"pay_channel":"wx_nontax","pay_finish_time":1767240000}"#;
    let mut lengths = Vec::new();
    for variant in [Variant::WrongSignature, Variant::WrongKey, Variant::NotAnEnvelope] {
        let exchange = world.simulator.send(PARTY, Callback::Notification, forged, variant).await?;
        telling.call(&exchange, variant.expected_errcode().unwrap_or_default());
        lengths.push(exchange.body.as_ref().map(String::len));
    }
    lengths.dedup();
    telling.check("the three replies have one length", lengths.len() == 1);
    Ok(())
}

async fn refund(world: &World, telling: &mut Telling) -> Result<(), ApiError> {
    telling::chapter("8. The first order is refunded: the notice is due again.", "首个订单全额退款:通知书恢复待缴");
    let orders = world.simulator.orders();
    let first = orders.first().and_then(|order| order.order_id.clone()).unwrap_or_default();
    let request = RefundRequest {
        appid: APPID.to_owned(),
        order_id: first.clone(),
        reason: "paid at the counter too".to_owned(),
        ..RefundRequest::default()
    };
    let refunded = world.simulator.refund(&request).await?;
    tell_all(telling, &refunded.exchanges, &[0]);
    telling.call(&query(world, FINE, TRAFFIC_POLICE).await?, 0);

    telling::chapter(
        "9. A late \"paid\" of the refunded order does not undo the refund.",
        "迟到的已付通知不会撤销退款",
    );
    telling.call(&world.simulator.notify_once(&first, Some(3), PARTY, Variant::Genuine).await?, 0);
    telling.call(&query(world, FINE, TRAFFIC_POLICE).await?, 0);
    Ok(())
}

async fn partial_refund(world: &World, telling: &mut Telling) -> Result<(), ApiError> {
    telling::chapter("10. A part goes back: the notice stays paid.", "部分退款:通知书仍为已缴");
    let exchange = query(world, TICKET, ENTRY_EXIT).await?;
    telling.call(&exchange, 0);
    let order_id = place(world, &exchange.receivable()?)?;
    tell_all(telling, &world.simulator.pay(&order_id).await?, &[0]);
    let request = RefundRequest {
        appid: APPID.to_owned(),
        order_id,
        reason: "the guided tour was canceled".to_owned(),
        refund_fee: Some(2050),
        refund_out_id: Some("demo-refund-1".to_owned()),
    };
    let refunded = world.simulator.refund(&request).await?;
    telling::remark("the notification does not say how much: the gateway asks the platform for the order");
    tell_all(telling, &refunded.exchanges, &[0]);
    telling.call(&query(world, TICKET, ENTRY_EXIT).await?, 232);
    Ok(())
}

async fn platform_tests(world: &World, telling: &mut Telling) -> Result<(), ApiError> {
    telling::chapter("11. The platform's own tests: mocknotification and mockqueryfee.", "平台自带的联调测试");
    for (callback, path) in [(Callback::Notification, "notification"), (Callback::Receivables, "receivables")] {
        let url = format!("{}/callback/{PARTY}/{path}", world.gateway_url);
        let request = MockRequest { appid: APPID.to_owned(), url, version: Some(1) };
        let reply = world.simulator.mock(callback, &request).await?;
        telling.check(&format!("{path}: decryption works, and a wrong signature is refused"), reply.errcode == 0);
    }
    Ok(())
}

async fn query(world: &World, payment_notice_no: &str, department_code: &str) -> Result<Exchange, ApiError> {
    let request = QueryFeeRequest {
        appid: APPID.to_owned(),
        region_code: REGION.to_owned(),
        payment_notice_no: payment_notice_no.to_owned(),
        department_code: department_code.to_owned(),
        ..QueryFeeRequest::default()
    };
    world.simulator.query_receivables(PARTY, &request).await
}

fn place(world: &World, notice: &QueryFeeReply) -> Result<String, ApiError> {
    let order_id = world.simulator.place_order_for(APPID, notice)?.order_id.unwrap_or_default();
    telling::remark(&format!("order {order_id} is placed and paid"));
    Ok(order_id)
}

/// Every call of an event; the last errcode stands for all that follow.
fn tell_all(telling: &mut Telling, exchanges: &[Exchange], expected: &[i64]) {
    telling.check("the platform called as often as it must", exchanges.len() == expected.len());
    for (exchange, expected) in exchanges.iter().zip(expected) {
        telling.call(exchange, *expected);
    }
}
