import type { Command } from 'commander';
import type { Run } from '../session.js';
import { explain } from './explain.js';
import { grantList } from './grant-list.js';
import { kindOption } from './securable-arguments.js';
import { whoCan } from './who-can.js';

export function addAccessCommands(program: Command, run: Run): void {
  program
    .command('explain')
    .description('why a principal may do something on an object, or what is missing')
    .argument('<principal>', 'a user, a service principal or a group')
    .argument('<privilege>', 'EXECUTE, SET_ALIAS, …')
    .argument('<full-name>', 'catalog, catalog.schema, catalog.schema.model or metastore')
    .addOption(kindOption())
    .option('--exit-code', 'end with 10 when the answer is no')
    .addHelpText(
      'after',
      `
Examples:
  imprimatur explain lea EXECUTE prod.fraud.scorer
  imprimatur explain ci-bot EDIT churn --kind experiment --exit-code`,
    )
    .action(run(explain));
  program
    .command('who-can')
    .description('everybody who may do something on an object')
    .argument('<privilege>', 'EXECUTE, SET_ALIAS, …')
    .argument('<full-name>', 'catalog, catalog.schema, catalog.schema.model or metastore')
    .addOption(kindOption())
    .addHelpText(
      'after',
      `
Examples:
  imprimatur who-can APPROVE_PROMOTION prod.fraud.scorer
  imprimatur who-can MANAGE metastore --json`,
    )
    .action(run(whoCan));
  const grant = program.command('grant').description('see what is granted');
  grant
    .command('list')
    .description('list grants that you may see: your own, those of a principal, or those that reach an object')
    .option('--on <full-name>', 'on a catalog, a schema, a model or the metastore, and on what is above it')
    .option('--principal <name>', 'to a user, a service principal or a group')
    .addOption(kindOption())
    .addHelpText(
      'after',
      `
Examples:
  imprimatur grant list
  imprimatur grant list --on prod.fraud.scorer
  imprimatur grant list --principal data-scientists --json`,
    )
    .action(run(grantList));
}
