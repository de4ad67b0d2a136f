"""Reads a mail as a mail reader does, with Python's own email package, and says what is in it as JSON.

usage: mail.py FILE

`tree` is the kinds of its parts; `pictures` each `cid:` that the HTML shows: its kind, width, height, bytes, and what it
holds in base64. A reference that leads nowhere, a defect of the format or a picture that does not open is an error.
"""

import base64
import email
import email.policy
import json
import re
import struct
import sys


def tree(part):
    if part.is_multipart():
        return [part.get_content_type(), [tree(child) for child in part.iter_parts()]]
    return part.get_content_type()


def picture(part):
    data = part.get_content()
    assert data[:8] == b"\x89PNG\r\n\x1a\n", "no PNG"
    width, height = struct.unpack(">II", data[16:24])
    return {
        "kind": part.get_content_type(),
        "disposition": part.get_content_disposition(),
        "width": width,
        "height": height,
        "bytes": len(data),
        "base64": base64.b64encode(data).decode(),
    }


def main():
    with open(sys.argv[1], "rb") as file:
        mail = email.message_from_binary_file(file, policy=email.policy.default)
    parts = list(mail.walk())
    defects = [str(defect) for part in parts for defect in part.defects]
    assert not defects, defects
    by_id = {part["content-id"].strip("<> "): part for part in parts if part["content-id"]}
    html = mail.get_body(("html",)).get_content()
    plain = mail.get_body(("plain",)).get_content()
    shown = re.findall(r'src="cid:([^"]+)"', html)
    assert set(shown) == set(by_id), f"shown {shown}, carried {list(by_id)}"
    alts = re.findall(r'<img [^>]*alt="([^"]+)"', html)
    assert len(alts) == len(shown), "a picture without words"
    print(json.dumps({
        "subject": mail["subject"],
        "tree": tree(mail),
        "pictures": [picture(by_id[cid]) for cid in shown],
        "alts": alts,
        "plain": plain,
        "html": html,
    }))


if __name__ == "__main__":
    main()
