# Built in three stages; what runs has no compiler, no development dependency and no Prisma CLI, and is not root.
ARG NODE=node:24-bookworm-slim

FROM ${NODE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY .swcrc ./
COPY prisma ./prisma
COPY scripts ./scripts
COPY apps ./apps
COPY libs ./libs
RUN npm run build

FROM ${NODE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# @prisma/client names the Prisma CLI as a peer: without --omit=peer it would come along, 300 MB of it.
RUN npm ci --omit=dev --omit=optional --omit=peer
# Of ONNX Runtime what Node loads: the builds for browsers are 120 MB.
RUN find node_modules/onnxruntime-web/dist -type f ! -name 'ort.node.min.mjs' \
  ! -name 'ort-wasm-simd-threaded.mjs' ! -name 'ort-wasm-simd-threaded.wasm' -delete

FROM ${NODE}
ENV NODE_ENV=production HOST=0.0.0.0 DATA_DIR=/data
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json ./
COPY prisma ./prisma
COPY libs/gates/scoring ./libs/gates/scoring
RUN install -d -o node -g node /data
USER node
VOLUME /data
EXPOSE 4000 4001
CMD ["node", "dist/apps/api/src/main.js"]
