# The bot: `web`, `worker`, or with `serve` both. Nothing in here is secret, and nothing is written
# but below /data and /tmp.

FROM python:3.13.1-slim-bookworm AS packages

WORKDIR /build
COPY requirements/bot.txt requirements/
RUN python -m venv /opt/nbci \
    && /opt/nbci/bin/pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes --only-binary=:all: -r requirements/bot.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY action action
# What builds the package is not part of the image.
RUN python -m venv /build/tools \
    && /build/tools/bin/pip install --no-cache-dir --disable-pip-version-check "hatchling>=1.27" \
    && /build/tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && /opt/nbci/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps dist/*.whl \
    && /opt/nbci/bin/python -m compileall -q /opt/nbci/lib

FROM python:3.13.1-slim-bookworm

LABEL org.opencontainers.image.title="nbci" \
      org.opencontainers.image.description="Runs the Jupyter notebooks that a pull request affects" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.source="https://github.com/nbci-dev/nbci"

RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home --home-dir /data --shell /usr/sbin/nologin nbci

COPY --from=packages /opt/nbci /opt/nbci

ENV PATH="/opt/nbci/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/data \
    NBCI_DATA_DIR=/data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM

HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]

ENTRYPOINT ["nbci"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]
