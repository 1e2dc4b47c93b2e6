# The learners' course on a server: JupyterLab with the package, for JupyterHub, repo2docker and `docker run`.
# --build-arg TORCH="torch --index-url ..." takes the smaller build for the processor that PyTorch's own page names.
ARG PYTHON=3.11
FROM python:${PYTHON}-slim AS wheels
ARG TORCH=torch
RUN apt-get update && apt-get install --yes --no-install-recommends make nodejs npm
WORKDIR /course
COPY . .
# The lock leaves torch out; what is installed first stays.
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir ${TORCH} && make wheels

FROM python:${PYTHON}-slim
ARG TORCH=torch
COPY --from=wheels /course/constraints.txt /course/_build/wheels/llm_course-*.whl /tmp/
RUN pip install --no-cache-dir ${TORCH} \
    && pip install --no-cache-dir --constraint /tmp/constraints.txt "$(ls /tmp/llm_course-*.whl)[lab]" "jupyterhub>=5,<6"
RUN useradd --create-home --uid 1000 learner
USER learner
WORKDIR /home/learner
RUN python -m llm_course lab --lay-out
EXPOSE 8888
CMD ["python", "-m", "llm_course", "lab", "--no-browser", "--ip=0.0.0.0"]
