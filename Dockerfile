# The bot: `web`, `worker`, or with `serve` both. Nothing in here is secret, and nothing is written
# but below /data and /tmp.

FROM python:3.13.1-slim-bookworm AS packages

WORKDIR /build
COPY requirements/bot.txt requirements/build.txt requirements/kernel.txt requirements/
RUN python -m venv /opt/nbci \
    && /opt/nbci/bin/pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes --only-binary=:all: -r requirements/bot.txt
# What the notebooks of repositories run with that bring no environment of their own.
RUN python -m venv /opt/notebooks \
    && /opt/notebooks/bin/pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes --only-binary=:all: -r requirements/kernel.txt
# What builds the package is not part of the image.
RUN python -m venv tools \
    && tools/bin/pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes --only-binary=:all: -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY action action
RUN tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && /opt/nbci/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps dist/*.whl \
    && /opt/nbci/bin/python -m compileall -q /opt/nbci/lib /opt/notebooks/lib

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
COPY --from=packages /opt/notebooks /opt/notebooks

# VIRTUAL_ENV is what notebooks run with: add packages for them with /opt/notebooks/bin/pip.
ENV PATH="/opt/nbci/bin:$PATH" \
    VIRTUAL_ENV=/opt/notebooks \
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
