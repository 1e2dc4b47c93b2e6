"""A cell's outputs as they may enter a notebook: what came from a sandbox is made well-formed, or left out.

An instructor opens these outputs in a browser that may change grades. So HTML, SVG and scripts stay out, a picture
must be a picture, and text is valid Unicode.
"""

from typing import Any

from autograder.records.pictures import PictureError, read_picture_text

PICTURES = ("image/png", "image/jpeg")


def clean_outputs(outputs: Any) -> list[dict[str, Any]]:
    """The outputs in nbformat 4's form; those of no known form are left out."""
    if not isinstance(outputs, list):
        return []
    return [clean for output in outputs if isinstance(output, dict) and (clean := _clean(output))]


def _clean(output: dict[str, Any]) -> dict[str, Any]:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return {"output_type": kind, "name": name, "text": _text(output.get("text"))}
    if kind == "error":
        lines = output.get("traceback")
        traceback = [_text(line) for line in lines] if isinstance(lines, list) else []
        names = {name: _text(output.get(name)) for name in ("ename", "evalue")}
        return {"output_type": kind, **names, "traceback": traceback}
    if kind == "display_data":
        return {"output_type": kind, "data": _data(output.get("data")), "metadata": {}}
    if kind == "execute_result":
        count = output.get("execution_count")
        number = count if type(count) is int and 0 < count < 1 << 31 else None
        return {"output_type": kind, "execution_count": number, "data": _data(output.get("data")), "metadata": {}}
    return {}


def _data(data: Any) -> dict[str, str]:
    if not isinstance(data, dict):
        return {}
    kept = {"text/plain": _text(data["text/plain"])} if "text/plain" in data else {}
    for name in PICTURES:
        if name in data:
            try:
                picture = read_picture_text(data[name])
                kept[picture.kind] = picture.text
            except PictureError as reason:
                kept["text/plain"] = f"{kept.get('text/plain', '')}\n[The picture is not shown. {reason}]".lstrip()
    return kept or {"text/plain": "[An output that is neither text nor a picture is not shown.]"}


def _text(value: Any) -> str:
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else ""
