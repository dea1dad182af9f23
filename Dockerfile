# Two stages: the first builds a wheel and installs it, the second only runs it.
FROM python:3.13-slim AS build
WORKDIR /src
COPY . .
RUN python -m venv /app/venv \
 && /app/venv/bin/pip install --no-cache-dir --disable-pip-version-check .

FROM python:3.13-slim
# /app/var holds the files that people send, the database (when it is SQLite) and the secret key (when none is set).
RUN useradd --system --uid 10001 --no-create-home --home-dir /app neuvokas \
 && mkdir -p /app/var \
 && chown neuvokas /app/var
COPY --from=build /app/venv /app/venv
ENV PATH=/app/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    NEUVOKAS_HOST=0.0.0.0 \
    NEUVOKAS_PORT=8080
WORKDIR /app
USER neuvokas
VOLUME /app/var
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['NEUVOKAS_PORT'] + '/healthz', timeout=4)"]
# `docker run … staff add "Maija"` runs any other word of the CLI.
ENTRYPOINT ["neuvokas"]
CMD ["serve"]
