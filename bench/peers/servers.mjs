// Who is measured over MLflow's REST surface.
import { Imprimatur } from './imprimatur.mjs';
import { startMlflows } from './mlflow.mjs';

/** Ours first, then MLflow's own server in each of its modes. */
export const startServers = async (workshop, python) => [
  await Imprimatur.start(workshop),
  ...(await startMlflows(workshop, python)),
];

/** Of these: the modes of MLflow share a database, and the first of them fills it. */
export const fillers = (servers) => servers.slice(0, 2);
