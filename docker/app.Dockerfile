# The application: gateway, actions, retrieval, language model.
# Built with: docker build -f docker/app.Dockerfile .
ARG PYTHON=3.11.13-slim-bookworm

FROM python:${PYTHON} AS build
# Where an index offers PyTorch's CPU build, naming it here makes the image 3 GB smaller.
ARG PIP_EXTRA_INDEX_URL
ENV UV_LINK_MODE=copy PIP_CACHE_DIR=/cache/pip UV_CACHE_DIR=/cache/uv
WORKDIR /app
COPY install install
# What install/ reads of it; the rest would have all packages installed anew at each change.
COPY bot/rasa/environment.py bot/rasa/environment.py
RUN --mount=type=cache,target=/cache python -m install setup --no-dev --only command

FROM python:${PYTHON}
RUN useradd --uid 10001 --create-home shopguide \
    && install -d -o shopguide -g shopguide /app /app/var
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY install install
COPY weights weights
COPY data data
COPY retrieval retrieval
COPY llm llm
COPY bot bot
COPY demo demo
USER shopguide
# Inside its network the container's own address is private: only a published port is reachable.
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    SHOPGUIDE_WEIGHTS=/app/var/weights \
    SHOPGUIDE_HOST=0.0.0.0 \
    SHOPGUIDE_ACTIONS_HOST=0.0.0.0
VOLUME /app/var
EXPOSE 8080
CMD ["shopguide", "gateway"]
