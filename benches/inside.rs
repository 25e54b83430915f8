//! What the parts of a run take, and how that grows: `cargo bench -p benches`.

#![expect(clippy::unwrap_used, reason = "a benchmark, whose inputs are known")]

use std::hint::black_box;
use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use stacks::Environment;
use template::{App, Assembly};
use tree::{Node, Tree};

fn prod(criterion: &mut Criterion) {
    let environments = Path::new(env!("CARGO_MANIFEST_DIR")).join("../environments");
    let environment = Environment::load(&environments, "prod").unwrap();
    let assembly = stacks::app(&environment).synth().unwrap();
    let edited = edited(&assembly);
    let mut group = criterion.benchmark_group("prod");
    group.bench_function("declare", |bencher| bencher.iter(|| black_box(stacks::app(&environment))));
    let app = stacks::app(&environment);
    group.bench_function("synth", |bencher| bencher.iter(|| synth(&app)));
    group.bench_function("check", |bencher| bencher.iter(|| check(&assembly)));
    group.bench_function("diff", |bencher| bencher.iter(|| diff(&assembly, &edited)));
    group.finish();
}

/// The throughput is the same for each size as long as cost grows with it.
fn growth(criterion: &mut Criterion) {
    for size in [1_000, 10_000] {
        let app = benches::app(size);
        let assembly = app.synth().unwrap();
        let edited = edited(&assembly);
        let mut group = criterion.benchmark_group("growth");
        group.sample_size(10).throughput(Throughput::Elements(u64::try_from(size).unwrap()));
        group.bench_function(BenchmarkId::new("synth", size), |bencher| bencher.iter(|| synth(&app)));
        group.bench_function(BenchmarkId::new("check", size), |bencher| bencher.iter(|| check(&assembly)));
        group.bench_function(BenchmarkId::new("diff", size), |bencher| bencher.iter(|| diff(&assembly, &edited)));
        group.finish();
    }
}

fn synth(app: &App) {
    black_box(app.synth().unwrap());
}

fn check(assembly: &Assembly) {
    let stacks = assembly.stacks.iter();
    let templates: Vec<_> = stacks.map(|stack| check::Template { name: &stack.name, tree: &stack.template }).collect();
    black_box(check::check(&templates));
}

fn diff(old: &Assembly, new: &Assembly) {
    let [old, new] = [old, new].map(|assembly| -> Vec<_> {
        let stacks = assembly.stacks.iter();
        stacks.map(|stack| diff::Template { name: &stack.name, tree: &stack.template }).collect()
    });
    black_box(diff::diff(&old, &new));
}

/// The same with the first resource of each stack made to stay.
fn edited(assembly: &Assembly) -> Assembly {
    let mut edited = assembly.clone();
    for stack in &mut edited.stacks {
        let Node::Map(template) = &mut stack.template.node else { continue };
        let Some(Node::Map(resources)) = template.get_mut("Resources").map(|section| &mut section.node) else {
            continue;
        };
        let Some(first) = resources.keys().next().map(ToOwned::to_owned) else { continue };
        if let Some(Node::Map(resource)) = resources.get_mut(&first).map(|resource| &mut resource.node) {
            resource.push("DeletionPolicy", Tree::string("RetainExceptOnCreate"));
        }
    }
    edited
}

criterion_group!(benches_of_all, prod, growth);
criterion_main!(benches_of_all);
