//! Whole journeys, through the gateway and every function to the embedded tables and back.

mod wizard;
