//! All orders, in the order in which they were placed.

use std::collections::HashMap;

use super::api_error::ApiError;
use super::order::Order;
use crate::wire::ApiErrcode;

/// The orders.
#[derive(Default)]
pub(super) struct OrderBook {
    orders: Vec<Order>,
    places: HashMap<String, usize>,
}

impl OrderBook {
    pub(super) fn add(&mut self, order: Order) {
        self.places.insert(order.order_id.clone(), self.orders.len());
        self.orders.push(order);
    }

    /// # Errors
    /// 9201010 for an order that was never placed.
    pub(super) fn get(&self, order_id: &str) -> Result<&Order, ApiError> {
        self.place(order_id).map(|place| &self.orders[place])
    }

    /// # Errors
    /// As [`Self::get`].
    pub(super) fn get_mut(&mut self, order_id: &str) -> Result<&mut Order, ApiError> {
        self.place(order_id).map(|place| &mut self.orders[place])
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Order> {
        self.orders.iter()
    }

    fn place(&self, order_id: &str) -> Result<usize, ApiError> {
        self.places.get(order_id).copied().ok_or_else(|| ApiErrcode::InvalidOrderId.into())
    }
}
