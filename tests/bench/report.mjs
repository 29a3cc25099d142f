// What the figures of one run of the benchmark add up to: a table of engines and the goals.
const median = (values) => {
  const sorted = values.slice().sort((a, b) => a - b), half = sorted.length >> 1;
  if (!sorted.length) return NaN;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};

const lines_of = (results, label, rules, engine) =>
  results.filter((line) => line.label === label && line.rules === rules && line.engine === engine && !line.crashed);
const rate = (results, label, rules, engine) =>
  median(lines_of(results, label, rules, engine).map((line) => line.decisions_per_s));

// The median over the rounds of `value(a) / value(b)`, both of the same round.
function ratio(results, label, rules, a, b, value = (line) => line.decisions_per_s) {
  const of_b = new Map(lines_of(results, label, rules, b).map((line) => [line.round, line]));
  return median(lines_of(results, label, rules, a).filter((line) => of_b.has(line.round))
    .map((line) => value(line) / value(of_b.get(line.round))));
}

const shown = (value) => {
  if (!Number.isFinite(value)) return '-';
  if (value >= 1e6) return (value / 1e6).toFixed(2) + ' M';
  return value >= 1e4 ? (value / 1e3).toFixed(1) + ' k' : value >= 100 ? value.toFixed(0) : value.toFixed(3);
};

export function print_table(results) {
  const names = [...new Set(results.filter((line) => line.engine).map((line) => line.engine))];
  if (!names.length) return;
  const rows = [['engine', 'W1', 'W2', 'W3 10', 'W3 100', 'W3 1000', 'W2 deciding', 'W2 loading', 'peak']];
  for (const name of names) {
    const w2 = lines_of(results, 'w2', 50, name);
    const seconds = (field) => shown(median(w2.filter((line) => field in line).map((line) => line[field])));
    const whole = w2.length && w2[0].items < 1e6 ? ` (${shown(w2[0].items)} items)` : '';
    rows.push([name, shown(rate(results, 'w1', 50, name)), shown(rate(results, 'w2', 50, name)),
      ...[10, 100, 1000].map((rules) => shown(rate(results, 'w3', rules, name))),
      seconds('eval_s') + ' s' + whole, seconds('load_s') + ' s', seconds('peak_mib') + ' MiB']);
  }
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  console.log('\nDecisions per second on one core (a decision: one item against all rules), medians');
  for (const row of rows) console.log('  ' + row.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd());
}

// A goal: `value` must be at least or at most `bound`. Without figures it is left out.
export function goals(results) {
  const made = [];
  const add = (goal, value, compare, bound, unit) => {
    if (!Number.isFinite(value)) return;
    made.push({goal, value, compare, bound, unit, met: compare === 'at least' ? value >= bound : value <= bound});
  };
  const peers = [...new Set(results.filter((line) => line.role === 'peer').map((line) => line.engine))];
  const sections = [['w1', 50], ['w2', 50], ['w3', 10], ['w3', 100], ['w3', 1000]];
  for (const [label, rules] of sections) {
    const fastest = peers.filter((peer) => rate(results, label, rules, peer) > 0)
      .sort((a, b) => rate(results, label, rules, b) - rate(results, label, rules, a))[0];
    add(`${label}, ${rules} rules: rescind / fastest peer (${fastest})`,
      ratio(results, label, rules, 'rescind', fastest), 'at least', 20, 'times');
  }
  for (const label of ['w1', 'w2']) {
    add(`${label}, 50 rules: limit-hoist / rescind`, ratio(results, label, 50, 'limit-hoist', 'rescind'),
      'at most', 3, 'times');
  }
  add('w3, 1000 rules: rescind / limit-naive', ratio(results, 'w3', 1000, 'rescind', 'limit-naive'),
    'at least', 1, 'times');
  add('w2: load of rescind / load of the limit',
    ratio(results, 'w2', 50, 'rescind', 'limit-hoist', (line) => line.load_s), 'at most', 2, 'times');
  for (const line of results) {
    if (line.label === 'own' && line.compare) add(line.figure, line.value, line.compare, line.bound, line.unit);
  }
  return made;
}

export function print_other_figures(results) {
  const lines = results.filter((line) => line.label === 'own' && !line.compare);
  if (lines.length) console.log('\nOther figures');
  for (const {figure, value, unit} of lines) console.log(`  ${figure}: ${value.toFixed(2)} ${unit}`);
}

export function print_goals(judged) {
  if (!judged.length) return;
  const width = Math.max(...judged.map(({goal}) => goal.length));
  console.log('\nGoals');
  for (const {goal, value, compare, bound, unit, met} of judged) {
    console.log(`  ${goal.padEnd(width)}  ${value.toFixed(value < 10 ? 2 : 1).padStart(8)} ${unit}` +
      `  (${compare} ${bound})${met ? '' : '  NOT MET'}`);
  }
}
