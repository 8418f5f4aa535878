//! Refuses what is no question, and what would cost more to understand than to answer.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{self, Cte, ObjectName, Query, Visit, Visitor};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use crate::{Error, Result};

/// The longest question. A person writes a few hundred bytes, a dashboard a few thousand.
const LONGEST: usize = 64 << 10;
/// How deep parentheses and subqueries may be.
const DEEPEST: usize = 50;
/// How many operators: each makes the tree of an expression one level deeper.
const MOST_OPERATORS: usize = 1_000;
/// How many tables a question may name once its `with` parts are put in place: two parts that name each other's predecessor twice double
/// with every line.
const MOST_TABLES: u64 = 128;
/// How many `with` parts.
const MOST_PARTS: usize = 64;

fn refused<T>(why: impl Into<String>) -> Result<T> {
    Err(Error::QueryRefused(why.into()))
}

/// The one statement of a text, if it only asks.
pub(super) fn question(sql: &str) -> Result<Statement> {
    if sql.len() > LONGEST {
        return refused(format!("the text has {} bytes, at most {LONGEST} are allowed", sql.len()));
    }
    let dialect = GenericDialect {};
    let tokens = Tokenizer::new(&dialect, sql).tokenize().map_err(|error| Error::QueryFailed(error.to_string()))?;
    let operators = tokens.iter().filter(|token| is_operator(token)).count();
    if operators > MOST_OPERATORS {
        return refused(format!(
            "it has {operators} operators, at most {MOST_OPERATORS} are allowed; use a list: x in (1, 2, 3)"
        ));
    }
    let parser = DFParserBuilder::new(sql).with_dialect(&dialect).with_recursion_limit(DEEPEST).build();
    let parsed = parser.and_then(|mut parser| parser.parse_statements());
    let mut statements = parsed.map_err(|error| Error::QueryFailed(error.strip_backtrace()))?;
    let statement = match (statements.pop_front(), statements.len()) {
        (Some(statement), 0) => statement,
        (None, _) => return refused("there is nothing in it"),
        (_, more) => return refused(format!("one question at a time; this is {}", more + 1)),
    };
    let asked = match &statement {
        Statement::Statement(statement) => statement.as_ref(),
        Statement::Explain(explain) => match explain.statement.as_ref() {
            Statement::Statement(statement) => statement.as_ref(),
            other => return no_question(other),
        },
        other => return no_question(other),
    };
    match asked {
        ast::Statement::Query(query) => check_tables(query)?,
        ast::Statement::Explain { statement: inner, .. } => match inner.as_ref() {
            ast::Statement::Query(query) => check_tables(query)?,
            _ => return no_question(&statement),
        },
        ast::Statement::ShowTables { .. }
        | ast::Statement::ShowColumns { .. }
        | ast::Statement::ExplainTable { .. } => {}
        _ => return no_question(&statement),
    }
    Ok(statement)
}

fn no_question<T>(statement: &Statement) -> Result<T> {
    let text = statement.to_string();
    let first = text.split_whitespace().next().unwrap_or_default().to_lowercase();
    refused(format!(
        "{first} changes something or is no question; select, with, explain, describe and show tables are allowed"
    ))
}

fn is_operator(token: &Token) -> bool {
    match token {
        Token::Word(word) => matches!(
            word.keyword,
            Keyword::AND
                | Keyword::OR
                | Keyword::NOT
                | Keyword::UNION
                | Keyword::EXCEPT
                | Keyword::INTERSECT
                | Keyword::JOIN
                | Keyword::WHEN
                | Keyword::IS
                | Keyword::LIKE
                | Keyword::BETWEEN
                | Keyword::IN
                | Keyword::SELECT
        ),
        Token::EOF
        | Token::Number(..)
        | Token::Char(_)
        | Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_)
        | Token::Comma
        | Token::Whitespace(_)
        | Token::Period
        | Token::SemiColon
        | Token::LParen
        | Token::RParen => false,
        _ => true,
    }
}

/// Counts the tables that a query reads when its `with` parts are put in place.
fn check_tables(query: &Query) -> Result<()> {
    let mut parts = Parts::default();
    let _ = query.visit(&mut parts);
    if parts.bodies.len() > MOST_PARTS {
        return refused(format!("it has {} with parts, at most {MOST_PARTS} are allowed", parts.bodies.len()));
    }
    let mut costs: HashMap<&str, u64> = HashMap::new();
    // A part may name any before it: after as many rounds as there are parts every cost is final.
    for _ in 0..parts.bodies.len() {
        for (name, tables) in &parts.bodies {
            let cost = cost(tables, name, &costs);
            let known = costs.entry(name).or_default();
            *known = (*known).max(cost);
        }
    }
    let total = cost(&parts.tables, "", &costs);
    if total > MOST_TABLES || costs.values().any(|cost| *cost > MOST_TABLES) {
        return refused(format!("it reads tables {total} times, at most {MOST_TABLES} are allowed"));
    }
    Ok(())
}

fn cost(tables: &[String], itself: &str, costs: &HashMap<&str, u64>) -> u64 {
    let cost =
        |table: &String| if table == itself { 1 } else { costs.get(table.as_str()).copied().unwrap_or(1).max(1) };
    tables.iter().map(cost).fold(0, u64::saturating_add)
}

/// The tables that are named anywhere, and by each `with` part.
#[derive(Default)]
struct Parts {
    tables: Vec<String>,
    bodies: Vec<(String, Vec<String>)>,
}

fn name_of(name: &ObjectName) -> String {
    name.to_string().trim_matches('"').to_lowercase()
}

impl Visitor for Parts {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for Cte { alias, query, .. } in query.with.iter().flat_map(|with| &with.cte_tables) {
            let mut tables = Tables::default();
            let _ = query.visit(&mut tables);
            self.bodies.push((alias.name.value.to_lowercase(), tables.0));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        self.tables.push(name_of(relation));
        ControlFlow::Continue(())
    }
}

#[derive(Default)]
struct Tables(Vec<String>);

impl Visitor for Tables {
    type Break = ();

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        self.0.push(name_of(relation));
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sql: &str, expected: &str) {
        let found = match question(sql) {
            Ok(_) => "asked".to_owned(),
            Err(Error::QueryRefused(why)) => format!("refused: {why}"),
            Err(error) => format!("{error}"),
        };
        assert!(found.starts_with(expected), "{sql:.80}: {found}");
    }

    #[test]
    fn only_questions_pass() {
        for asked in [
            "select 1",
            "with a as (select 1) select * from a",
            "explain select 1",
            "explain analyze select 1",
            "describe readings",
            "show tables",
            "select 1;",
            "values (1), (2)",
        ] {
            check(asked, "asked");
        }
        for refused in [
            "",
            "  -- nothing",
            "select 1; select 2",
            "copy (select 1) to '/tmp/x'",
            "explain copy (select 1) to '/tmp/x.csv' stored as csv",
            "create external table t stored as csv location '/etc/passwd'",
            "create table t as select 1",
            "create view v as select 1",
            "insert into readings select * from readings",
            "delete from readings",
            "update readings set value = 1",
            "drop table readings",
            "set datafusion.execution.batch_size = 1",
            "reset datafusion.execution.batch_size",
            "prepare p as select 1",
            "begin",
        ] {
            check(refused, "refused");
        }
        check("selec 1", "query failed");
    }

    #[test]
    fn a_question_that_would_overflow_the_planner_is_refused() {
        check(&format!("select 1{}", "+1".repeat(30_000)), "refused: it has");
        check(&format!("select {}1{}", "(".repeat(5_000), ")".repeat(5_000)), "query failed");
        check(&format!("select '{}'", "x".repeat(70_000)), "refused: the text");
        check(&format!("select {}", "- ".repeat(20_000)), "refused: it has");
        check(&format!("select 1 where 1 in ({}1)", "1,".repeat(9_000)), "asked");
    }

    #[test]
    fn with_parts_that_double_are_refused() {
        let mut sql = "with p0 as (select 1 as x)".to_owned();
        for part in 1..30 {
            sql += &format!(", p{part} as (select * from p{0} union all select * from p{0})", part - 1);
        }
        check(&format!("{sql} select * from p29"), "refused: it reads");
        check("with a as (select 1 as x), b as (select * from a) select * from a join b using (x)", "asked");
        check("with recursive n as (select 1 as x union all select x + 1 from n where x < 9) select * from n", "asked");
    }
}
