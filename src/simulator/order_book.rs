//! All orders, in the order in which they were placed.

use std::collections::HashMap;
use std::sync::Arc;

use super::api_error::ApiError;
use super::chance::{Chance, Subject};
use super::order::Order;
use crate::wire::{ApiErrcode, UnifiedOrderRequest};

/// The orders.
pub(super) struct OrderBook {
    chance: Arc<Chance>,
    orders: Vec<Order>,
    places: HashMap<String, usize>,
}

impl OrderBook {
    pub(super) fn new(chance: Arc<Chance>) -> Self {
        Self { chance, orders: Vec::new(), places: HashMap::new() }
    }

    /// Adds an order for a request that was checked, and returns its number.
    pub(super) fn place(
        &mut self,
        request: UnifiedOrderRequest,
        fee: i64,
        receivable_is_finances: bool,
        now: i64,
    ) -> String {
        let chance = self.chance.stream(Subject::Order(self.orders.len()));
        let order = Order::new(request, fee, receivable_is_finances, now, chance);
        let order_id = order.order_id.clone();
        self.places.insert(order_id.clone(), self.orders.len());
        self.orders.push(order);
        order_id
    }

    /// # Errors
    /// 9201010 for an order that was never placed.
    pub(super) fn get(&self, order_id: &str) -> Result<&Order, ApiError> {
        self.place_of(order_id).map(|place| &self.orders[place])
    }

    /// # Errors
    /// As [`Self::get`].
    pub(super) fn get_mut(&mut self, order_id: &str) -> Result<&mut Order, ApiError> {
        self.place_of(order_id).map(|place| &mut self.orders[place])
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Order> {
        self.orders.iter()
    }

    fn place_of(&self, order_id: &str) -> Result<usize, ApiError> {
        self.places.get(order_id).copied().ok_or_else(|| ApiErrcode::InvalidOrderId.into())
    }
}
