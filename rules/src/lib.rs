//! What is abnormal, what an alarm is doing, and which facts follow.
