// Whether package-lock.json works everywhere. A registry may lack the newest version of a platform package: npm then
// leaves it out of the lock without a word, and the lock is of no use on that platform. And an address of a private
// registry in the lock is of no use to anybody else.
import fs from 'node:fs';

const publicRegistry = 'registry.npmjs.org';
const { packages } = JSON.parse(fs.readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));

/** Where Node would look for `name` from the package at `location`: in its own node_modules, and in those above. */
function* placesOf(name, location) {
  for (let at = location; ; at = at.slice(0, Math.max(at.lastIndexOf('/node_modules/'), 0))) {
    yield `${at ? `${at}/` : ''}node_modules/${name}`;
    if (!at) return;
  }
}

const isLocked = (name, location) => [...placesOf(name, location)].some((place) => packages[place]);

const problems = Object.entries(packages).flatMap(([location, { resolved, optionalDependencies = {} }]) => {
  const missing = Object.keys(optionalDependencies).filter((name) => !isLocked(name, location));
  const foreign = resolved?.startsWith('http') && new URL(resolved).host !== publicRegistry;
  return [
    ...missing.map(
      (name) =>
        `${location} has the optional dependency ${name}, which is not locked: pin a version whose platform packages all exist`,
    ),
    ...(foreign ? [`${location} comes from ${new URL(resolved).host}: lock it from ${publicRegistry}`] : []),
  ];
});

if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
console.log(`${Object.keys(packages).length} locked packages, all of their platform packages among them`);
