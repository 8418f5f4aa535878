//! What people do: acknowledge.

use model::{AlarmId, TenantId, UserName};
use rules::AcknowledgeError;

use crate::desk::{DARK, Desk, city, rule, tenant};

#[test]
fn one_of_two_operators_wins() {
    let mut desk = Desk::new(&rule("dark", "", DARK), city(0));
    desk.play("a=0");
    let id = desk.open("a").unwrap().id;
    let (anna, bruno) = (UserName::new("anna").unwrap(), UserName::new("bruno").unwrap());
    let fact = desk.engine.acknowledge(&tenant(), id, anna.clone(), Some("vado io".into()), desk.now).unwrap();
    desk.keep(vec![fact]);
    let second = desk.engine.acknowledge(&tenant(), id, bruno, None, desk.now);
    assert_eq!(second, Err(AcknowledgeError::AlreadyAcknowledged(id)));
    let alarm = desk.open("a").unwrap();
    assert_eq!((alarm.acknowledged_by.clone(), alarm.note.as_deref()), (Some(anna), Some("vado io")));
}

#[test]
fn a_foreign_and_an_unknown_alarm_look_the_same() {
    let mut desk = Desk::new(&rule("dark", "", DARK), city(0));
    desk.play("a=0");
    let id = desk.open("a").unwrap().id;
    let anna = UserName::new("anna").unwrap();
    let foreign = desk.engine.acknowledge(&TenantId::new("ct").unwrap(), id, anna.clone(), None, desk.now);
    assert_eq!(foreign, Err(AcknowledgeError::Unknown(id)));
    let nowhere = AlarmId::from_u128(7);
    assert_eq!(
        desk.engine.acknowledge(&tenant(), nowhere, anna, None, desk.now),
        Err(AcknowledgeError::Unknown(nowhere))
    );
}

#[test]
fn an_alarm_closes_when_returned_and_answered() {
    let mut desk = Desk::new(&rule("dark", "", DARK), city(0));
    desk.play("a=0 +1 a=230 ack:a");
    assert_eq!(desk.engine.open_alarms().count(), 0);
}
