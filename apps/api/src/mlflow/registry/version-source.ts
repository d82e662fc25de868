import { Artifacts, artifactPathOf } from '@app/artifacts';
import { InvalidArgument } from '@app/platform';
import { parseStage } from '@app/policy';
import { ModelVersions, type NewModelVersion, type VersionView } from '@app/registry';
import { type LoggedModelDetails, LoggedModels, type Run, RunRecords, Runs } from '@app/tracking';
import { Injectable } from '@nestjs/common';
import { ModelNames } from './model-names.js';
import { isPrompt as hasPromptTag } from './search.js';

/** What a client says of where a version comes from. */
export interface GivenSource {
  source: string;
  runId?: string | undefined;
  loggedModelId?: string | undefined;
  /** A prompt is a text in a tag: its source is a placeholder. */
  isPrompt?: boolean;
}

type Lineage = Pick<NewModelVersion, 'storagePath' | 'runId' | 'namedRunId' | 'runPrincipalId' | 'loggedModelId'>;
export type ResolvedSource = { original: VersionView } | { lineage: Lineage };

/** mlflow.prompt.constants */
const promptPlaceholders = ['dummy-source', 'prompt-template'];

/**
 * Finds out which files a source names, and where they come from. The lineage is the judge's evidence: a run or a
 * logged model that a client names must contain the source, and the caller must be able to read it.
 */
@Injectable()
export class VersionSources {
  constructor(
    private readonly artifacts: Artifacts,
    private readonly loggedModels: LoggedModels,
    private readonly names: ModelNames,
    private readonly runRecords: RunRecords,
    private readonly runs: Runs,
    private readonly versions: ModelVersions,
  ) {}

  /** @throws NotFound, PermissionDenied, InvalidArgument in the words of MLflow's server */
  async resolve(given: GivenSource): Promise<ResolvedSource> {
    const { source, isPrompt, loggedModelId } = given;
    if (isPrompt) {
      if (promptPlaceholders.includes(source)) return { lineage: {} };
      throw invalid(source, 'the source of a prompt is a placeholder of MLflow');
    }
    const scheme = checkedScheme(source);
    const model = /^models:\/+([^/].*)$/i.exec(source)?.[1];
    if (scheme === 'models') {
      if (!model)
        throw invalid(source, 'it must be models:/<model_id>, models:/<name>/<version> or models:/<name>@<alias>');
      if (!/[/@]/.test(model)) return { lineage: await this.ofLoggedModel(given, model) };
      return { original: await this.originalOf(given, model) };
    }
    if (scheme === 'runs') return { lineage: await this.ofRunUri(given) };
    if (loggedModelId) return { lineage: await this.ofLoggedModel(given, loggedModelId) };
    return { lineage: await this.ofRun(given) };
  }

  /** `models:/m-…`, or files within a logged model that is named beside them. */
  private async ofLoggedModel({ source, runId, loggedModelId }: GivenSource, id: string): Promise<Lineage> {
    if (loggedModelId && loggedModelId !== id) throw mustContain(source, 'model_id');
    const model = await this.loggedModels.get(id);
    if (runId && runId !== model.sourceRunId) throw mustContain(source, 'run_id');
    const isModel = checkedScheme(source) === 'models';
    const storagePath = isModel ? artifactPathOf(model.artifactUri) : within(source, model.artifactUri, 'model_id');
    return { storagePath, loggedModelId: model.id, ...(await this.runOf(model)) };
  }

  private async runOf({ sourceRunId, principalId }: LoggedModelDetails): Promise<Lineage> {
    if (sourceRunId === null) return { runPrincipalId: principalId };
    const run = await this.runRecords.get(sourceRunId);
    return { runId: sourceRunId, runPrincipalId: run?.principalId };
  }

  /** `runs:/<run id>/<path>`, of a run here, or of one elsewhere when it is named beside the source as well. */
  private async ofRunUri({ source, runId }: GivenSource): Promise<Lineage> {
    const [, id = '', path = ''] = /^runs:\/+([^/]+)\/(.+?)\/*$/i.exec(source) ?? [];
    if (!id) throw invalid(source, 'it must be runs:/<run_id>/<path of the artifacts>');
    if (runId && (await this.runs.byIds([id, runId])).length === 0) return { namedRunId: runId };
    if (runId && runId !== id) throw mustContain(source, 'run_id');
    const run = await this.runs.get(id);
    const storagePath = artifactPathOf(`${run.artifactUri}/${path}`);
    const logged = storagePath === undefined ? undefined : await this.loggedInstead(run, path, storagePath);
    if (logged) return { storagePath: artifactPathOf(logged.artifactUri), loggedModelId: logged.id, ...lineageOf(run) };
    return { storagePath, ...lineageOf(run) };
  }

  /** MLflow 3 logs a model beside its run, under the name that the path gives: its clients look there as well. */
  private async loggedInstead(run: Run, name: string, folder: string): Promise<LoggedModelDetails | undefined> {
    const entries = await this.artifacts.list(folder);
    if (entries.some((entry) => entry.name === 'MLmodel')) return undefined;
    const page = await this.loggedModels.search({
      experimentIds: [run.experimentId],
      filter: [
        { entity: 'attribute', key: 'name', operator: '=', value: name },
        { entity: 'attribute', key: 'source_run_id', operator: '=', value: run.id },
      ],
      orderBy: [{ entity: 'attribute', key: 'creation_timestamp', ascending: false }],
      datasets: [],
      page: { first: 1 },
    });
    return page.edges[0]?.node;
  }

  /**
   * Files of our store, which their run must name, or a place outside. That may be of another server with runs of its
   * own: a run that the caller cannot read here is a name to us, and whether we have it is not told.
   */
  private async ofRun({ source, runId }: GivenSource): Promise<Lineage> {
    const isOurs = artifactPathOf(source) !== undefined;
    if (!runId) {
      if (isOurs) throw mustContain(source, 'run_id');
      return {};
    }
    const run = isOurs ? await this.runs.summary(runId) : (await this.runs.byIds([runId]))[0];
    return run ? { storagePath: within(source, run.artifactUri, 'run_id'), ...lineageOf(run) } : { namedRunId: runId };
  }

  /** `name/3`, `name@alias`, `name/Production`, `name/latest` */
  private async originalOf({ source, runId, loggedModelId }: GivenSource, path: string): Promise<VersionView> {
    const original = await this.find(source, path);
    if (!original) throw invalid(source, 'there is no such version');
    if (hasPromptTag(original.tags)) throw invalid(source, 'a version of a prompt cannot be the source of a version');
    if (runId && runId !== (original.runId ?? original.namedRunId)) throw mustContain(source, 'run_id');
    if (loggedModelId && loggedModelId !== original.loggedModelId) throw mustContain(source, 'model_id');
    return original;
  }

  private async find(source: string, path: string): Promise<VersionView | undefined> {
    const [, name = '', separator, rest = ''] = /^([^/@]+)([/@])([^/@]+)$/.exec(path) ?? [];
    if (!name) throw invalid(source, 'it must be models:/<name>/<version> or models:/<name>@<alias>');
    const fullName = this.names.full(name, 'source');
    if (separator === '@') return this.versions.byAlias(fullName, rest);
    if (/^\d+$/.test(rest)) return this.versions.get(fullName, Number(rest));
    if (/^latest$/i.test(rest)) return this.versions.newest(fullName);
    return (await this.versions.latestByStage(fullName, [parseStage(rest, 'source')]))[0];
  }
}

const lineageOf = ({ id, principalId }: Run): Lineage => ({ runId: id, runPrincipalId: principalId });

const invalid = (source: string, why: string) =>
  new InvalidArgument(`Invalid model version source: '${source}'. ${why}`, ['source']);

const mustContain = (source: string, parameter: 'run_id' | 'model_id') =>
  invalid(source, `The ${parameter} request parameter must identify the resource that contains the source.`);

/** The path of files in our store, which must stand below the root; undefined for files elsewhere. */
function within(source: string, rootUri: string, parameter: 'run_id' | 'model_id'): string | undefined {
  const path = artifactPathOf(source);
  const root = artifactPathOf(rootUri);
  if (path !== undefined && path !== root && !path.startsWith(`${root}/`)) throw mustContain(source, parameter);
  return path;
}

/** The text without its percent-encoding, however often it was encoded. */
function decoded(text: string): string {
  let before = text;
  try {
    for (let after = decodeURIComponent(before); after !== before; after = decodeURIComponent(before)) before = after;
  } catch {
    // A stray "%" is no encoding: what is decoded until here counts.
  }
  return before;
}

/**
 * The scheme of a source, in lower case.
 * @throws InvalidArgument for a path of a file system, and for one that could lead out of its folder
 */
function checkedScheme(source: string): string {
  // One letter is a drive of Windows.
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(source)?.[1]?.toLowerCase();
  if (!scheme || scheme === 'file') {
    throw invalid(source, 'A local path means nothing to this service: log the model to it, or give a remote URI.');
  }
  if (decoded(source).split(/[/\\]/).includes('..')) {
    throw invalid(source, 'It must be an absolute URI without relative path references.');
  }
  return scheme;
}
