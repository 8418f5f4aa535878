//! All classes in force: reads their files, resolves what extends what, and says what is wrong.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use model::{AssetClass, Domain, MetricName, Unit};
use toml::Spanned;

use super::file::{ClassShape, ClockShape, File, MetricShape, PolicyShape, RuleShape};
use super::kind::{Class, Template, Words};
use super::mistake::{Mistake, line};
use super::profile::{Clock, Metric, Profile, Skewed};
use crate::config::Format;
use crate::unit;

/// The classes in force.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Classes {
    by_key: BTreeMap<AssetClass, Arc<Class>>,
}

/// One class as it is written, and where.
struct Written {
    file: String,
    line: usize,
    shape: ClassShape,
}

impl Written {
    fn key(&self) -> &str {
        self.shape.key.get_ref()
    }

    fn mistake(&self, what: impl Into<String>, hint: impl Into<String>) -> Mistake {
        Mistake {
            file: self.file.clone(),
            line: self.line,
            class: Some(self.key().to_owned()),
            what: format!("class {:?}: {}", self.key(), what.into()),
            hint: hint.into(),
        }
    }
}

impl Classes {
    /// Reads files (name and text). Classes that are wrong are left out, with what extends them; the others are in force.
    pub fn parse(files: impl IntoIterator<Item = (String, String)>) -> (Self, Vec<Mistake>) {
        let mut mistakes = Vec::new();
        let mut written: BTreeMap<String, Written> = BTreeMap::new();
        for (file, text) in files {
            let read = match toml::from_str::<File>(&text) {
                Ok(read) => read,
                Err(error) => {
                    let at = error.span().map_or(0, |span| span.start);
                    let what = error.message().trim().replace('\n', ", ");
                    let hint = "none of the classes of this file is in force".to_owned();
                    mistakes.push(Mistake { file, line: line(&text, at), class: None, what, hint });
                    continue;
                }
            };
            for shape in read.class {
                let one = Written { file: file.clone(), line: line(&text, Spanned::span(&shape.key).start), shape };
                if let Some(first) = written.get(one.key()) {
                    let hint = format!("it stands in {}:{} already; give this one another key", first.file, first.line);
                    mistakes.push(one.mistake("is there twice", hint));
                } else {
                    written.insert(one.key().to_owned(), one);
                }
            }
        }
        let mut classes = Self::default();
        for one in written.values() {
            match resolve(one, &written) {
                Ok(class) => {
                    classes.by_key.insert(class.key.clone(), Arc::new(class));
                }
                Err(mistake) => mistakes.push(mistake),
            }
        }
        (classes, mistakes)
    }

    /// The class with this name.
    pub fn get(&self, key: &str) -> Option<&Arc<Class>> {
        self.by_key.get(key)
    }

    /// Every class, by name.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Class>> {
        self.by_key.values()
    }

    /// Every class that is a kind of this one, itself left out.
    pub fn kinds_of<'a>(&'a self, class: &'a AssetClass) -> impl Iterator<Item = &'a AssetClass> {
        self.all().filter(|other| other.ancestors.contains(class)).map(|other| &other.key)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// These classes, and for those that are wrong now what was in force before, so that a slip of the pen stops no judgement.
    #[must_use]
    pub fn keeping_last_good(mut self, previous: &Self, mistakes: &[Mistake]) -> Self {
        if mistakes.is_empty() {
            return self;
        }
        // A file that cannot be read at all names no class: then nothing may be taken for removed.
        let named: HashSet<&str> = mistakes.iter().filter_map(|mistake| mistake.class.as_deref()).collect();
        let unreadable = mistakes.iter().any(|mistake| mistake.class.is_none());
        for (key, class) in &previous.by_key {
            if unreadable || named.contains(key.as_str()) {
                self.by_key.entry(key.clone()).or_insert_with(|| Arc::clone(class));
            }
        }
        self
    }
}

/// The class and what it extends, nearest first.
fn line_of<'a>(one: &'a Written, written: &'a BTreeMap<String, Written>) -> Result<Vec<&'a Written>, Mistake> {
    let mut family = vec![one];
    while let Some(parent) = family.last().and_then(|last| last.shape.extends.as_deref()) {
        let Some(next) = written.get(parent) else {
            let known: Vec<&str> = written.keys().map(String::as_str).collect();
            let what = format!("extends {parent:?}, which is no class");
            return Err(one.mistake(what, format!("the classes are {}", known.join(", "))));
        };
        if family.iter().any(|known| std::ptr::eq(*known, next)) {
            return Err(one.mistake(format!("extends itself by way of {parent:?}"), "take one extends out"));
        }
        family.push(next);
    }
    Ok(family)
}

fn resolve(one: &Written, written: &BTreeMap<String, Written>) -> Result<Class, Mistake> {
    let family = line_of(one, written)?;
    let key = |text: &str| AssetClass::new(text).map_err(|why| one.mistake(why.to_string(), ""));
    let domain = family.iter().find_map(|class| class.shape.domain.as_deref());
    let domain = domain
        .ok_or_else(|| one.mistake("has no domain", "write domain = \"water\", or extend a class that has one"))?;
    let decoder = family.iter().find_map(|class| class.shape.decoder.clone());
    if let Some(decoder) = &decoder
        && !Format::ALL.iter().any(|format| format.as_str() == decoder)
    {
        let known: Vec<&str> = Format::ALL.iter().map(|format| format.as_str()).collect();
        return Err(
            one.mistake(format!("the decoder {decoder:?} is no format"), format!("write one of {}", known.join(", ")))
        );
    }
    let (rules, templates) = rules(&family)?;
    let shapes = metrics(&family);
    let main = family.iter().find_map(|class| class.shape.main.as_deref());
    if let Some(main) = main.filter(|main| !shapes.contains_key(*main)) {
        let known: Vec<&str> = shapes.keys().copied().collect();
        return Err(one
            .mistake(format!("main = {main:?} is none of its metrics"), format!("write one of {}", known.join(", "))));
    }
    let mut titles = BTreeMap::new();
    let mut profile = Profile {
        clock: family.iter().find_map(|class| class.shape.clock).map(clock),
        interval: family.iter().find_map(|class| class.shape.interval).map(|span| span.0),
        late: family.iter().find_map(|class| class.shape.late).map(|span| span.0),
        ..Profile::default()
    };
    for (name, shape) in &shapes {
        let metric =
            metric(name, shape).map_err(|(what, hint)| one.mistake(format!("metrics.{name}: {what}"), hint))?;
        titles.insert(metric.name.clone(), shape.title.clone().unwrap_or_default());
        profile.metrics.push(metric);
    }
    profile.by_name = names(&shapes).map_err(|what| one.mistake(what, "leave one of them out"))?;
    Ok(Class {
        key: key(one.key())?,
        ancestors: family[1..].iter().map(|class| key(class.key())).collect::<Result<_, _>>()?,
        title: family.iter().find_map(|class| class.shape.title.clone()).unwrap_or_default(),
        domain: Domain::new(domain).map_err(|why| one.mistake(why.to_string(), ""))?,
        main: main.map(MetricName::new).transpose().map_err(|why| one.mistake(why.to_string(), ""))?,
        decoder,
        rules,
        templates,
        metrics: titles,
        profile: Arc::new(profile),
    })
}

/// The rule files of a family, and the templates that it uses; of two under one name that of the nearest counts.
fn rules(family: &[&Written]) -> Result<(Vec<String>, Vec<Template>), Mistake> {
    let (mut files, mut templates): (Vec<String>, Vec<Template>) = (Vec::new(), Vec::new());
    for class in family {
        let from = AssetClass::new(class.key()).map_err(|why| class.mistake(why.to_string(), ""))?;
        let nearer = templates.len();
        for rule in class.shape.rules.iter().flatten() {
            let (name, id, values) = match rule {
                RuleShape::File(name) if files.contains(name) => continue,
                RuleShape::File(name) => {
                    files.push(name.clone());
                    continue;
                }
                RuleShape::Template { template, id, values } => (template, id, values),
            };
            let key = id.as_ref().unwrap_or(name).clone();
            if templates[nearer..].iter().any(|other| other.key == key) {
                let hint = "give one of them an id, such as id = \"too-hot\"";
                return Err(class.mistake(format!("rules: {key:?} is there twice"), hint));
            }
            if templates[..nearer].iter().all(|other| other.key != key) {
                let (file, line) = (class.file.clone(), class.line);
                let (name, values, from) = (name.clone(), values.clone(), from.clone());
                templates.push(Template { name, key, values, from, file, line });
            }
        }
    }
    Ok((files, templates))
}

/// The metrics of a family: those of the nearest first, each completed key by key by those further away.
fn metrics<'a>(family: &[&'a Written]) -> BTreeMap<&'a str, MetricShape> {
    let mut all: BTreeMap<&str, MetricShape> = BTreeMap::new();
    for class in family {
        for (name, shape) in &class.shape.metrics {
            let own = all.entry(name).or_default();
            own.title = own.title.take().or_else(|| shape.title.clone());
            own.unit = own.unit.take().or_else(|| shape.unit.clone());
            own.sent = own.sent.take().or_else(|| shape.sent.clone());
            own.range = own.range.or(shape.range);
            own.frozen = own.frozen.or(shape.frozen);
            own.from = own.from.take().or_else(|| shape.from.clone());
            own.interval = own.interval.or(shape.interval);
        }
    }
    all
}

fn metric(name: &str, shape: &MetricShape) -> Result<Metric, (String, String)> {
    let no_hint = |what: String| (what, String::new());
    let name = MetricName::new(name).map_err(|why| no_hint(why.to_string()))?;
    for (key, unit) in [("unit", &shape.unit), ("sent", &shape.sent)] {
        // UCUM writes what only a city knows in braces: such a unit is kept and never converted.
        if let Some(unit) = unit.as_deref().filter(|unit| !unit::is_known(unit) && !unit.contains('{')) {
            let hint = format!("write a UCUM code such as \"ug/m3\", or \"{{{unit}}}\" if it is one of your own");
            return Err((format!("{key} = {unit:?} is no unit that is known"), hint));
        }
    }
    if let (Some(sent), Some(unit)) = (&shape.sent, &shape.unit)
        && unit::Conversion::between(sent, unit).is_none()
    {
        return Err((format!("{sent:?} cannot become {unit:?}"), "both must measure the same".to_owned()));
    }
    if shape.sent.is_some() && shape.unit.is_none() {
        return Err(no_hint("sent without unit".to_owned()));
    }
    let range = shape.range.map(|[lowest, highest]| (lowest, highest));
    if let Some((lowest, highest)) = range
        && (lowest.is_nan() || highest.is_nan() || lowest > highest)
    {
        return Err((
            format!("the range [{lowest}, {highest}] holds nothing"),
            "write the lowest number first".to_owned(),
        ));
    }
    let unit = |text: &Option<String>| text.as_deref().map(Unit::new);
    let frozen = shape.frozen.map(|span| span.0);
    Ok(Metric { name, unit: unit(&shape.unit), sent: unit(&shape.sent), range, frozen, interval: shape.interval })
}

/// Every name of every metric with its place in the order of `shapes`.
fn names(shapes: &BTreeMap<&str, MetricShape>) -> Result<HashMap<Box<str>, usize>, String> {
    let mut names: HashMap<Box<str>, usize> = HashMap::new();
    for (at, (name, shape)) in shapes.iter().enumerate() {
        let others = shape.from.iter().flatten().map(String::as_str).filter(|other| other != name);
        for known in std::iter::once(*name).chain(others) {
            if names.insert(known.into(), at).is_some() {
                return Err(format!("two metrics are called {known:?}"));
            }
        }
    }
    Ok(names)
}

fn clock(shape: ClockShape) -> Clock {
    let skewed = match shape.policy {
        PolicyShape::Refuse => Skewed::Refuse,
        PolicyShape::Arrival => Skewed::Arrival,
        PolicyShape::Accept => Skewed::Accept,
    };
    Clock { skewed, ahead: shape.ahead.map(|span| span.0), behind: shape.behind.map(|span| span.0) }
}

impl Words {
    /// The words in this language: `it`, or English for any other.
    pub fn told(&self, language: &str) -> &str {
        if language == "it" { &self.it } else { &self.en }
    }
}

#[cfg(test)]
mod tests {
    use model::Duration;

    use super::*;

    const WATER: &str = r#"
[[class]]
key = "sensor"
domain = "water"
title = { it = "Sensore", en = "Sensor" }
interval = "5m"
late = "1h"
clock = { policy = "arrival", ahead = "1m" }
rules = ["all.toml"]
[class.metrics.battery]
title = { it = "Batteria", en = "Battery" }
unit = "V"
range = [0, 5]

[[class]]
key = "meter"
extends = "sensor"
main = "volume"
rules = ["meter.toml"]
[class.metrics.volume]
unit = "m3"
sent = "l"
from = ["Vol", "volume_l"]
frozen = "2d"
[class.metrics.battery]
range = [2, 4]
"#;

    fn parse(text: &str) -> (Classes, Vec<Mistake>) {
        Classes::parse([("a.toml".to_owned(), text.to_owned())])
    }

    #[track_caller]
    fn wrong(text: &str, line: usize, words: &str) {
        let (classes, mistakes) = parse(text);
        let [mistake] = &mistakes[..] else { panic!("{mistakes:?}") };
        let said = mistake.to_string();
        assert!(said.starts_with(&format!("a.toml:{line}: ")) && said.contains(words), "{said}");
        assert!(mistake.class.as_deref().is_none_or(|class| classes.get(class).is_none()));
    }

    #[test]
    fn a_class_takes_what_it_does_not_say_from_what_it_extends() {
        let (classes, mistakes) = parse(WATER);
        assert_eq!(mistakes, []);
        let meter = classes.get("meter").unwrap();
        assert_eq!((meter.domain.as_str(), meter.title.it.as_str()), ("water", "Sensore"));
        assert_eq!(meter.interval(), Some(Duration::from_secs(300)));
        assert_eq!(meter.profile.late, Some(Duration::from_secs(3_600)));
        assert_eq!(meter.profile.metric("volume").unwrap().frozen, Some(Duration::from_secs(2 * 86_400)));
        assert_eq!(meter.rules, ["meter.toml", "all.toml"]);
        let battery = meter.profile.metric("battery").unwrap();
        assert_eq!((battery.range, battery.unit.clone()), (Some((2.0, 4.0)), Some(Unit::new("V"))));
        assert_eq!(meter.profile.metric("Vol").unwrap().name.as_str(), "volume");
        assert_eq!(meter.profile.metric("other"), None);
        assert_eq!(meter.metrics[&MetricName::new("battery").unwrap()].told("it"), "Batteria");
        let sensor = AssetClass::new("sensor").unwrap();
        assert!(meter.is_a(&sensor) && classes.kinds_of(&sensor).eq([&meter.key]));
        assert_eq!(classes.get("sensor").unwrap().profile.metric("volume"), None);
    }

    #[test]
    fn templates_are_inherited_with_their_numbers_and_the_nearest_numbers_count() {
        let text = r#"
[[class]]
key = "bin"
domain = "waste"
rules = ["waste.toml", { template = "above", metric = "fill", above = 85 }, { template = "silent", lasting = "2h" }]
[[class]]
key = "small-bin"
extends = "bin"
rules = [{ template = "above", metric = "fill", above = 95 }, { template = "above", id = "hot", metric = "t", above = 60 }]
"#;
        let (classes, mistakes) = parse(text);
        assert_eq!(mistakes, []);
        let told = |class: &str| -> Vec<(String, String, Option<i64>)> {
            let templates = &classes.get(class).unwrap().templates;
            let above = |one: &Template| one.values.get("above").and_then(toml::Value::as_integer);
            templates.iter().map(|one| (one.key.clone(), one.from.to_string(), above(one))).collect()
        };
        let one = |key: &str, from: &str, above| (key.to_owned(), from.to_owned(), above);
        assert_eq!(told("bin"), [one("above", "bin", Some(85)), one("silent", "bin", None)]);
        let small =
            [one("above", "small-bin", Some(95)), one("hot", "small-bin", Some(60)), one("silent", "bin", None)];
        assert_eq!(told("small-bin"), small);
        assert_eq!(classes.get("small-bin").unwrap().rules, ["waste.toml"]);
        wrong("[[class]]\nkey = \"a\"\ndomain = \"d\"\nrules = [{ above = 1 }]\n", 4, "template");
        let twice = "[[class]]\nkey = \"a\"\ndomain = \"d\"\nrules = [{ template = \"x\" }, { template = \"x\" }]\n";
        wrong(twice, 2, "twice");
    }

    #[test]
    fn a_metric_comes_as_often_as_its_device_speaks_unless_it_says_otherwise() {
        let text = "[[class]]\nkey = \"a\"\ndomain = \"d\"\ninterval = \"1m\"\n[class.metrics.x]\n[class.metrics.y]\ninterval = \"1h\"\n\
                    [class.metrics.z]\ninterval = \"irregular\"\n";
        let (classes, mistakes) = parse(text);
        assert_eq!(mistakes, []);
        let profile = &classes.get("a").unwrap().profile;
        let every = |name: &str| profile.interval_of(profile.metric(name).unwrap()).map(|every| every.as_secs());
        assert_eq!((every("x"), every("y"), every("z")), (Some(60), Some(3_600), None));
        wrong("[[class]]\nkey = \"a\"\ndomain = \"d\"\n[class.metrics.x]\ninterval = \"often\"\n", 5, "irregular");
    }

    #[test]
    fn mistakes_are_told_with_line_and_advice_and_leave_the_other_classes_in_force() {
        wrong("[[class]]\nkey = \"a\"\n", 2, "has no domain");
        wrong("[[class]]\nkey = \"a\"\nextends = \"b\"\n", 2, "no class");
        wrong("[[class]]\nkey = \"A\"\ndomain = \"d\"\n", 2, "asset class");
        wrong("[[class]]\nkey = \"a\"\ndomain = \"d\"\ndomian = 1\n", 4, "domian");
        wrong("[[class]]\nkey = \"a\"\ndomain = \"d\"\ndecoder = \"morse\"\n", 2, "generic-json");
        wrong("[[class]]\nkey = \"a\"\ndomain = \"d\"\nmain = \"m\"\n", 2, "none of its metrics");
        wrong("[[class]]\nkey = \"a\"\ndomain = \"d\"\ninterval = \"soon\"\n", 4, "30s");
        wrong("[[class]]\nkey = \"a\"\ndomain = \"d\"\n[class.metrics.m]\nunit = \"smoot\"\n", 2, "{smoot}");
        wrong("[[class]]\nkey = \"a\"\ndomain = \"d\"\n[class.metrics.m]\nunit = \"m\"\nsent = \"V\"\n", 2, "the same");
        wrong("[[class]]\nkey = \"a\"\ndomain = \"d\"\n[class.metrics.m]\nrange = [2, 1]\n", 2, "lowest");
        wrong(
            "[[class]]\nkey = \"a\"\ndomain = \"d\"\n[class.metrics.m]\nfrom = [\"n\"]\n[class.metrics.n]\n",
            2,
            "\"n\"",
        );
        let (classes, mistakes) = parse(&format!("{WATER}[[class]]\nkey = \"broken\"\n"));
        assert_eq!((classes.len(), mistakes.len()), (2, 1));
    }

    #[test]
    fn what_extends_itself_or_is_there_twice_is_refused() {
        let round = "[[class]]\nkey = \"a\"\nextends = \"b\"\n[[class]]\nkey = \"b\"\nextends = \"a\"\n";
        let (classes, mistakes) = parse(round);
        assert!(classes.is_empty() && mistakes.len() == 2 && mistakes[0].what.contains("itself"), "{mistakes:?}");
        let twice = "[[class]]\nkey = \"a\"\ndomain = \"d\"\n[[class]]\nkey = \"a\"\ndomain = \"e\"\n";
        let (classes, mistakes) = parse(twice);
        assert_eq!(classes.get("a").unwrap().domain.as_str(), "d");
        assert!(mistakes.len() == 1 && mistakes[0].line == 5 && mistakes[0].hint.contains("a.toml:2"), "{mistakes:?}");
    }

    #[test]
    fn a_slip_of_the_pen_leaves_the_last_good_class_in_force() {
        let (before, _) = parse(WATER);
        let (now, mistakes) = parse(&WATER.replace("unit = \"m3\"", "unit = \"m33\""));
        assert!(now.get("meter").is_none());
        assert_eq!(now.keeping_last_good(&before, &mistakes).get("meter"), before.get("meter"));
        let (now, mistakes) = parse("[[class");
        assert_eq!(now.keeping_last_good(&before, &mistakes), before);
        let (now, mistakes) = parse("");
        assert!(now.keeping_last_good(&before, &mistakes).is_empty());
    }
}
