# Rasa, which understands messages and decides the next action. Never published.
# Built with: docker build -f docker/rasa.Dockerfile .
ARG PYTHON=3.10.18-slim-bookworm

FROM python:${PYTHON} AS build
ENV UV_LINK_MODE=copy PIP_CACHE_DIR=/cache/pip UV_CACHE_DIR=/cache/uv
WORKDIR /app
COPY install/locks install/locks
COPY bot/rasa/requirements.txt bot/rasa/requirements.txt
RUN --mount=type=cache,target=/cache \
    pip install --no-deps --require-hashes -r install/locks/tools.txt \
    && uv venv --python python3.10 .venv-rasa \
    && uv pip install --python .venv-rasa/bin/python --no-deps --require-hashes \
        --build-constraints install/locks/build.txt -r bot/rasa/requirements.txt

FROM python:${PYTHON}
RUN useradd --uid 10001 --create-home shopguide \
    && install -d -o shopguide -g shopguide /app /app/var
WORKDIR /app
COPY --from=build /app/.venv-rasa .venv-rasa
COPY retrieval retrieval
COPY bot bot
COPY ground ground
# The shop's own training sentences, where it has some.
COPY demo/shop demo/shop
USER shopguide
ENV PATH=/app/.venv-rasa/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONWARNINGS=ignore \
    RASA_TELEMETRY_ENABLED=false \
    TF_CPP_MIN_LOG_LEVEL=3 \
    MPLCONFIGDIR=/tmp \
    SHOPGUIDE_WEIGHTS=/app/var/weights
VOLUME /app/var
# Training takes half a minute, and nothing when what it reads has not changed.
CMD ["sh", "-c", "python bot/rasa/train.py && exec python bot/rasa/serve.py"]
