//! temp
use std::collections::BTreeMap;
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)] pub(crate) struct TimerKey(u64, u64);
#[derive(Debug)] pub(crate) struct Wheel<T> { map: BTreeMap<TimerKey, T>, next: u64 }
impl<T> Wheel<T> {
  pub(crate) fn new(_: u64) -> Self { Self { map: BTreeMap::new(), next: 0 } }
  pub(crate) fn insert(&mut self, d: u64, v: T) -> TimerKey { self.next += 1; let k = TimerKey(d, self.next); self.map.insert(k, v); k }
  pub(crate) fn remove(&mut self, k: TimerKey) -> Option<T> { self.map.remove(&k) }
  pub(crate) fn get_mut(&mut self, k: TimerKey) -> Option<&mut T> { self.map.get_mut(&k) }
  pub(crate) fn next_expired(&mut self, now: u64) -> Option<T> { let e = self.map.first_entry()?; if e.key().0 <= now { Some(e.remove()) } else { None } }
  pub(crate) fn next_deadline(&self) -> Option<u64> { self.map.first_key_value().map(|(k, _)| k.0) }
  pub(crate) fn len(&self) -> usize { self.map.len() }
}
