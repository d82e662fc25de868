import { randomBytes } from 'node:crypto';
import { cloudEvent, OutboundHttp, signed } from '@app/outbound';
import { Config, nodeId } from '@app/platform';
import { type GateConfig, type ValidatorAddress, Validators } from '@app/policy';
import { Injectable } from '@nestjs/common';
import type { GateInput } from '../gate-input.js';
import type { GateLogger, GateRun, Judgement } from '../gate-run.js';
import { digestOf } from './gate-report.js';
import { describeValidator, judgementOf, unreached } from './reported-judgement.js';
import { meaningOf } from './validator-answer.js';
import { type ValidatorCall, ValidatorCallRepository } from './validator-call.repository.js';
import { questionOf, type ValidatorQuestion } from './validator-question.js';

/** Who needs longer for his judgement answers 202, and reports. */
const longestCallSeconds = 30;
const maxAnswerBytes = 256 * 1024;

/** EXTERNAL: asks a validator, which judges in its answer, or reports later (gate-reports.service.ts). */
@Injectable()
export class ValidatorCalls {
  constructor(
    private readonly calls: ValidatorCallRepository,
    private readonly config: Config,
    private readonly http: OutboundHttp,
    private readonly validators: Validators,
  ) {}

  /**
   * Makes one attempt of a gate run that this worker has claimed.
   * @returns undefined when there is nothing to finish: the validator reports later, or the claim was lost
   * @throws DomainError UNAVAILABLE for trouble that may be over soon, OutboundRefused for an address that may not be called
   */
  async judge(run: GateRun, input: GateInput, log: GateLogger): Promise<Judgement | undefined> {
    const { validator } = run.config as GateConfig<'EXTERNAL'>;
    const address = await this.validators.addressOf(validator);
    if (!address) return unreached(`validator "${validator}" is disabled, or was deleted`);
    const request = await this.calls.askedRequest(run.requestId);
    if (!request) return unreached('the model no longer exists');
    const question = await questionOf(run, input, request);
    const token = `impr_${randomBytes(32).toString('base64url')}`;
    const call = await this.calls.insert(run, { token, validator, questionDigest: digestOf(question) });
    if (!call) return undefined;

    const answer = await this.post(run, address, this.eventOf(run, { call, token, question }), input.signal);
    await log(`validator "${validator}" answered ${answer.status} after ${answer.durationMs} ms`);
    const meaning = meaningOf(answer);
    if (meaning.kind === 'REFUSED') return unreached(meaning.why, call);
    if (meaning.kind === 'JUDGED')
      return { ...judgementOf(meaning.judgement, call), judgedBy: describeValidator(call) };
    await log(`a report is awaited until ${call.reportUntil.toISOString()}`);
    await this.calls.awaitReport(run);
    return undefined;
  }

  /**
   * Lets a run whose workers were lost in the middle of their calls wait for a report: the validator may have been reached.
   * @returns false when no call was made, or the time of the last one is over
   */
  async awaitReport(run: GateRun): Promise<boolean> {
    const last = await this.calls.latest(run.id);
    if (!last?.isOpen) return false;
    await this.calls.awaitReport(run);
    return true;
  }

  private post(run: GateRun, { url, secrets }: ValidatorAddress, event: string, signal: AbortSignal) {
    // The same for each attempt: a validator that has seen it need not judge again.
    const message = { id: `gate-run-${run.id}`, timestamp: new Date(), body: event, secrets };
    return this.http.post({
      url,
      headers: { 'content-type': 'application/cloudevents+json', ...signed(message) },
      body: event,
      timeoutMs: Math.min(run.timeoutSeconds, longestCallSeconds) * 1000,
      maxResponseBytes: maxAnswerBytes,
      signal,
    });
  }

  private eventOf(
    { id, attempt }: GateRun,
    { call, token, question }: { call: ValidatorCall; token: string; question: ValidatorQuestion },
  ): string {
    const { publicUrl } = this.config;
    const event = cloudEvent({
      id,
      type: 'imprimatur.gate.requested',
      source: publicUrl,
      subject: `promotion-requests/${question.request.number}`,
      time: new Date(),
      data: {
        question,
        gateRunId: nodeId('GateRun', id),
        attempt,
        report: { url: `${publicUrl}/api/gates/v1/runs/${id}/report`, token, until: call.reportUntil.toISOString() },
      },
    });
    return JSON.stringify(event);
  }
}
