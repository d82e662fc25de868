import { createHash } from 'node:crypto';
import { Html } from '../http/html.js';

/** For a screen, and for paper: A4, tables that repeat their heads, logs that wrap instead of being cut off. */
const style = `
:root{color-scheme:light}
body{font:15px/1.5 system-ui,sans-serif;color:#111;background:#fff;max-width:62rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .5rem}
h2{font-size:1.2rem;border-bottom:1px solid #999;margin:2.2rem 0 .8rem;padding-bottom:.2rem}
h3{font-size:1rem;margin:1.4rem 0 .4rem}
h1,h2,h3,p,caption{unicode-bidi:plaintext}
a{color:#0645ad}
table{border-collapse:collapse;width:100%;margin:.6rem 0 1rem;table-layout:auto}
caption{text-align:left;font-weight:600;padding:.3rem 0}
th,td{border:1px solid #bbb;padding:.3rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere;unicode-bidi:plaintext}
td{min-width:5.5rem}
thead th{overflow-wrap:normal}
thead th,dl.facts dt{background:#f0f0f0}
dl.facts{display:grid;grid-template-columns:minmax(9rem,auto) 1fr;gap:1px;margin:.6rem 0 1rem;background:#bbb;border:1px solid #bbb}
dl.facts dt,dl.facts dd{margin:0;padding:.3rem .5rem;overflow-wrap:anywhere;unicode-bidi:plaintext}
dl.facts dt{font-weight:600}dl.facts dd{background:#fff;white-space:pre-wrap}
pre{background:#f6f6f6;border:1px solid #ddd;padding:.6rem;margin:.4rem 0 1rem;font:12px/1.45 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:plaintext}
code{font:.9em ui-monospace,monospace;overflow-wrap:anywhere}
.said{white-space:pre-wrap}
.note{color:#444}
.state{font-weight:600;white-space:nowrap}
nav ul{columns:3;padding-left:1.2rem}
@page{size:A4;margin:16mm 14mm}
@media print{
body{font-size:10pt;max-width:none;margin:0;padding:0}
pre{font-size:7.5pt}
h1,h2,h3,caption{break-after:avoid}
thead{display:table-header-group}
tr,dl.facts dt,dl.facts dd{break-inside:auto}
section.page{break-before:page}
a{color:inherit;text-decoration:none}
}`;

/** The page loads nothing and runs nothing; its one style sheet is known by its digest. */
export const pagePolicy =
  `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; ` +
  "frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** Its characters stand for themselves in a style element: the policy above knows them by their digest. */
export const styleSheet = new Html(`<style>${style}</style>`);
