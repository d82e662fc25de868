import { Module } from '@nestjs/common';
import { OutboundHttp } from './outbound-http.service.js';
import { OutboundNetwork } from './outbound-network.js';
import { SecretBox } from './secret-box.service.js';

@Module({ providers: [OutboundNetwork, OutboundHttp, SecretBox], exports: [OutboundHttp, SecretBox] })
export class OutboundModule {}
