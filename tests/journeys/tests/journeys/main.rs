//! Whole journeys, through the gateway and every function to the embedded tables and back.

mod at_rest;
mod events;
mod wizard;
