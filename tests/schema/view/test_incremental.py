"""Parts are rewritten for clients that know them by their paths."""

from schema.view.incremental import PathWriter, wants_paths


def test_a_part_says_its_path_and_label_instead_of_an_id():
    writer = PathWriter()
    first = {
        "data": {"a": {}},
        "pending": [
            {"id": "0", "path": ["a"], "label": "x"},
            {"id": "1", "path": ["a", "list"]},
        ],
        "hasNext": True,
    }
    assert writer.write(first) == {"data": {"a": {}}, "hasNext": True}
    second = {
        "incremental": [
            {"id": "0", "subPath": ["b"], "data": {"c": 1}},
            {"id": "1", "items": [1, 2]},
            {"id": "1", "items": [3], "errors": [{"message": "m"}]},
        ],
        "completed": [{"id": "0"}],
        "hasNext": True,
    }
    assert writer.write(second) == {
        "incremental": [
            {"data": {"c": 1}, "path": ["a", "b"], "label": "x"},
            {"items": [1, 2], "path": ["a", "list", 0]},
            {"items": [3], "errors": [{"message": "m"}], "path": ["a", "list", 2]},
        ],
        "hasNext": True,
    }
    third = {"completed": [{"id": "1", "errors": [{"message": "n"}]}], "hasNext": False}
    assert writer.write(third) == {
        "incremental": [{"data": None, "path": ["a", "list"], "errors": [{"message": "n"}]}],
        "hasNext": False,
    }


def test_only_clients_that_ask_for_the_old_way_get_it():
    assert wants_paths("multipart/mixed;deferSpec=20220824, application/json")
    assert wants_paths('multipart/mixed; deferSpec="20220824"')
    assert not wants_paths("multipart/mixed;incrementalSpec=v0.2")
    assert not wants_paths(None)
