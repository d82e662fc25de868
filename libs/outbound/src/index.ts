export { type CloudEvent, type CloudEventInput, cloudEvent } from './cloud-event.js';
export { OutboundFailed, OutboundRefused, SecretUnreadable } from './outbound.errors.js';
export { OutboundModule } from './outbound.module.js';
export { type OutboundAnswer, type OutboundCall, OutboundHttp } from './outbound-http.service.js';
export { checkOutboundUrl } from './outbound-url.js';
export { SecretBox } from './secret-box.service.js';
export { checkedGraceHours } from './secret-rotation.js';
export { newSigningSecret, type SignatureHeaders, type SignedMessage, signed } from './webhook-signature.js';
