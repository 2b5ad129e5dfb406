//! Which notice an order pays: known, told, or asked of the simulated platform, with a real access_token.

use nontax_gateway::domain::{Notice, NoticeState, PaymentNoticeNo};
use nontax_gateway::platform::TokenMode;
use nontax_gateway::store::{SharedStore, Store};
use nontax_gateway::wire::RefundRequest;

use crate::book::{errcode, finance, import, paid, party, payable};
use crate::served::{APP_SECRET, PlatformAccess, Setup};
use crate::simulated_world::{World, codes};
use crate::stores::{TestStore, on_both_stores};
use crate::weixin::{self, APPID, paid_without_details};

on_both_stores!(
    a_known_order_needs_no_platform,
    details_in_the_notification_need_no_platform,
    the_platform_is_asked_with_a_token,
    the_older_way_to_a_token_works_as_well,
    a_refusal_is_refunded_by_the_platform,
    refunds_tell_their_amount_through_the_order,
    an_expired_token_is_replaced_once,
    a_wrong_secret_is_a_fault_and_never_a_refusal,
);

async fn world(store: &SharedStore, secret: &'static str) -> World {
    world_with(store, secret, TokenMode::Stable).await
}

async fn world_with(store: &SharedStore, secret: &'static str, token_mode: TokenMode) -> World {
    let access = PlatformAccess { secret, token_mode, ..PlatformAccess::at("") };
    World::start(store, access, |_| {}).await
}

async fn state(store: &dyn Store, number: &str) -> NoticeState {
    store.find_notices(party(), PaymentNoticeNo::new(number).unwrap()).await.unwrap()[0].notice.state.clone()
}

async fn a_known_order_needs_no_platform(test: TestStore) {
    import(&*test.store, payable("1")).await;
    assert_eq!(errcode(&*test.store, "A", paid("1"), finance()).await, 0);
    let served = Setup::default().serve(&test.store).await;
    assert_eq!(served.notified(&paid_without_details("A")).await, 0);
    assert_eq!(served.notified(&paid_without_details("B")).await, 299);
}

async fn details_in_the_notification_need_no_platform(test: TestStore) {
    import(&*test.store, payable("1")).await;
    // Nothing listens there.
    let served = Setup::with_platform("http://127.0.0.1:9").serve(&test.store).await;
    assert_eq!(served.notified(&weixin::paid("A", "1")).await, 0);
    assert_eq!(served.notified(&paid_without_details("A")).await, 0);
    assert_eq!(served.notified(&paid_without_details("B")).await, 299);
}

async fn the_platform_is_asked_with_a_token(test: TestStore) {
    for number in ["1", "2"] {
        import(&*test.store, payable(number)).await;
    }
    let world = world(&test.store, APP_SECRET).await;
    for number in ["1", "2"] {
        let order_id = world.placed(number).await;
        assert_eq!(world.paid(&order_id).await, [Some(0)]);
        assert_eq!(codes(&world.simulator.notify(&order_id, None).await.unwrap()), [Some(0)]);
        let query = world.served.query(number).await;
        assert_eq!((&query["errcode"], &query["order_id"]), (&232.into(), &order_id.as_str().into()));
    }
}

async fn the_older_way_to_a_token_works_as_well(test: TestStore) {
    for number in ["1", "2"] {
        import(&*test.store, payable(number)).await;
    }
    let world = world_with(&test.store, APP_SECRET, TokenMode::Legacy).await;
    let order_id = world.placed("1").await;
    assert_eq!(world.paid(&order_id).await, [Some(0)]);
    world.simulator.expire_tokens();
    let order_id = world.placed("2").await;
    assert_eq!(world.paid(&order_id).await, [Some(0)]);
}

async fn a_refusal_is_refunded_by_the_platform(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let world = world(&test.store, APP_SECRET).await;
    let (first, second) = (world.placed("1").await, world.placed("1").await);
    let canceled = Notice { state: NoticeState::Canceled, ..payable("2") };
    import(&*test.store, payable("2")).await;
    let third = world.placed("2").await;
    import(&*test.store, canceled).await;
    assert_eq!(world.paid(&first).await, [Some(0)]);
    // Refused, and then told that it was refunded.
    assert_eq!(world.paid(&second).await, [Some(232), Some(0)]);
    assert_eq!(world.paid(&third).await, [Some(233), Some(0)]);
    assert_eq!(world.simulator.order(&second).unwrap().status, Some(5));
    assert_eq!(world.served.query("1").await["order_id"], first.as_str());
    // An order that the platform itself does not know is refused as well.
    assert_eq!(world.served.notified(&paid_without_details("no-such-order")).await, 231);
}

async fn refunds_tell_their_amount_through_the_order(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let world = world(&test.store, APP_SECRET).await;
    let order_id = world.placed("1").await;
    assert_eq!(world.paid(&order_id).await, [Some(0)]);
    let part = |out_id: &str, fee| RefundRequest {
        appid: APPID.into(),
        order_id: order_id.clone(),
        reason: "too much".into(),
        refund_fee: Some(fee),
        refund_out_id: Some(out_id.into()),
    };
    let refunded = world.simulator.refund(&part("1", 5_000)).await.unwrap();
    assert_eq!(codes(&refunded.exchanges), [Some(0)]);
    assert!(matches!(state(&*test.store, "1").await, NoticeState::Paid { .. }));
    let refunded = world.simulator.refund(&part("2", 15_000)).await.unwrap();
    assert_eq!(codes(&refunded.exchanges), [Some(0)]);
    assert_eq!(state(&*test.store, "1").await, NoticeState::Unpaid);
    // Asked for before there is any: not visible yet, come again.
    import(&*test.store, payable("2")).await;
    let order_id = world.placed("2").await;
    assert_eq!(world.paid(&order_id).await, [Some(0)]);
    assert_eq!(world.served.notified(&weixin::refunded(&order_id)).await, 299);
    assert!(matches!(state(&*test.store, "2").await, NoticeState::Paid { .. }));
}

async fn an_expired_token_is_replaced_once(test: TestStore) {
    for number in ["1", "2"] {
        import(&*test.store, payable(number)).await;
    }
    let world = world(&test.store, APP_SECRET).await;
    let order_id = world.placed("1").await;
    assert_eq!(world.paid(&order_id).await, [Some(0)]);
    world.simulator.expire_tokens();
    let order_id = world.placed("2").await;
    assert_eq!(world.paid(&order_id).await, [Some(0)]);
}

async fn a_wrong_secret_is_a_fault_and_never_a_refusal(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let poor = world(&test.store, "not-the-secret").await;
    let order_id = poor.placed("1").await;
    // The second is the one repetition.
    assert_eq!(poor.paid(&order_id).await, [Some(299), Some(299)]);
    assert_eq!(poor.simulator.order(&order_id).unwrap().status, Some(3));
    assert_eq!(state(&*test.store, "1").await, NoticeState::Unpaid);
}
