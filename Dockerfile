# Highwater as an image: the Node that package-lock.json names, the packages that run it, and the sources as they are,
# because Node 26 runs TypeScript itself. docs/operations.md says how to run it.

FROM node:26.10.0-trixie-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The optional packages each hold a Node of 100 MB, and the image is that very Node. No package needs its scripts.
RUN ["npm", "ci", "--omit=dev", "--omit=optional", "--ignore-scripts"]

FROM node:26.10.0-trixie-slim
ENV NODE_ENV=production \
    HIGHWATER_HOST=0.0.0.0 \
    HIGHWATER_PORT=4000 \
    HIGHWATER_DATA=/var/lib/highwater
WORKDIR /app
# Everything below /app belongs to root and is never written to, so that the root file system may be read-only. Only the
# embedded stores write: mount a volume at /var/lib/highwater to keep them.
RUN ["install", "--directory", "--owner=1000", "--group=1000", "--mode=0750", "/var/lib/highwater"]
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY deploy/healthcheck.js deploy/check-settings.js ./deploy/
COPY samples ./samples
COPY src ./src

# The user `node` of the base image, by number, so that an orchestrator can tell that it is not root.
USER 1000:1000
EXPOSE 4000
STOPSIGNAL SIGTERM
# Alive, not ready: a process that waits for a store is healthy. docker-compose.yml asks for /ready instead.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["node", "/app/deploy/healthcheck.js", "/health"]
# Node itself, without the launcher in bin/ (which installs packages) and without a shell: SIGTERM reaches the process
# that knows what to do with it. Run it with an init (`docker run --init`, `init: true`): as process 1 the kernel would
# ignore a signal that comes before `serve` listens for it.
ENTRYPOINT ["node", "/app/src/main.ts"]
CMD ["serve"]
