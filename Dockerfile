FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/data \
    TANDEM_STATIC=manifest \
    STATIC_ROOT=/app/staticfiles

RUN useradd --create-home --uid 10001 tandem && install -d -o tandem -g tandem -m 700 /data
WORKDIR /app

# The packages change seldom: their layer comes before the code's.
COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check -r requirements.txt

COPY . .
# The key and the folder serve this one step only; neither stays in the image.
RUN SECRET_KEY=only-while-the-image-is-built-0123456789abcdefghijklmnop DATA_DIR=/tmp/build \
    python manage.py collectstatic --no-input --verbosity 0 \
    && python -m compileall -q . \
    && rm -rf /tmp/build

USER tandem
VOLUME /data
EXPOSE 8000

HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz?live', timeout=4)"]

# exec form: gunicorn receives SIGTERM itself and lets requests finish.
CMD ["gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", \
     "--threads", "4", "--worker-tmp-dir", "/dev/shm", "--graceful-timeout", "20", "--no-control-socket"]
