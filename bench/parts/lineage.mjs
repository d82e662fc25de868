// The lineage of a version in a large graph: through the service, against one recursive statement for this one question.
import pg from 'pg';
import { openLibraries } from '../lib/libraries.mjs';
import { duration, single } from '../lib/report.mjs';
import { alternate } from '../lib/rounds.mjs';
import { timed } from '../lib/timed.mjs';
import { ada, byHand, edgesPerRun, versionOf, worldSql } from '../peers/lineage-world.mjs';

const maxDepth = 10;
const goal = 1.5;
/** As many versions in turn: no single one stays in every cache. */
const roots = 20;

const text = (...parts) => parts.join(' ');
const inOrder = (texts) => texts.toSorted().join('\n');

/** A comparison of different answers would be none. */
function requireSame(graph, { nodes, edges }) {
  const ours = [
    graph.nodes.map(({ kind, key, name, depth }) => text(depth, kind, key, name)),
    graph.edges.map(({ source, target, kind }) => text(source.kind, source.key, target.kind, target.key, kind)),
  ];
  const theirs = [
    nodes.map(([depth, kind, key, name]) => text(depth, kind, key, name)),
    edges.map((edge) => text(...edge.slice(0, 5))),
  ];
  for (const [index, what] of ['nodes', 'edges'].entries()) {
    if (inOrder(ours[index]) !== inOrder(theirs[index]))
      throw new Error(
        `the service finds ${ours[index].length} ${what}, the hand-written SQL ${theirs[index].length}, or others`,
      );
  }
}

export async function lineage({ workshop, sizes }) {
  const runs = Math.ceil(sizes.edges / edgesPerRun);
  const databaseUrl = await workshop.migratedDatabase();
  await workshop.query(databaseUrl, worldSql(runs));
  await workshop.query(databaseUrl, 'VACUUM ANALYZE');
  const service = await openLibraries(databaseUrl, workshop.folder('data'));
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10, options: '-c jit=off' });
  workshop.undo.push(service.close, () => pool.end());

  const keys = [];
  for (let n = 1; n <= roots; n++) {
    const { rows } = await pool.query(versionOf(runs - n * 7));
    keys.push(rows[0].id);
  }
  const bounds = { direction: 'UPSTREAM', maxDepth, maxNodes: 1000, asOf: null, kinds: null };
  const [{ version }] = (await pool.query('SELECT version FROM access_version')).rows;
  // As in a request, whose authentication has read the access version.
  const memo = { accessVersion: Number(version) };
  const ours = (key) => service.as(ada, () => service.lineage.graph({ kind: 'MODEL_VERSION', key }, bounds), memo);
  const hand = async (key) =>
    (await pool.query({ name: 'lineage', text: byHand, values: [key, maxDepth, ada.id] })).rows[0];
  let nodes = 0;
  let edges = 0;
  for (const key of keys) {
    const graph = await ours(key);
    requireSame(graph, await hand(key));
    nodes += graph.nodes.length / roots;
    edges += graph.edges.length / roots;
  }
  const { count: before } = service.statements;
  await ours(keys[0]);
  const statements = service.statements.count - before;
  const inTurn = (ask) => {
    let turn = 0;
    return () => timed(sizes.seconds, () => ask(keys[turn++ % roots]));
  };
  const results = await alternate({ ours: inTurn(ours), hand: inTurn(hand) }, sizes.rounds);
  const of = `${Math.round(nodes)} nodes and ${Math.round(edges)} edges upstream among ${runs * edgesPerRun} edges`;
  return [
    duration(of, results.ours, { name: 'one hand-written recursive statement', ...results.hand }, goal),
    single(`statements of ${maxDepth} levels`, statements, 'statements'),
  ];
}
