from pillion.capture.config import Config
from pillion.capture.flags import FACTS, FLAGS, VARIABLES_ONLY


def test_every_setting_has_its_names_once() -> None:
    flags = (*FLAGS, *VARIABLES_ONLY, *FACTS)
    assert {flag.field for flag in flags} | {"dns_servers_v4", "dns_servers_v6"} == set(Config.__struct_fields__)
    for names in ([flag.name for flag in FLAGS], [flag.short for flag in FLAGS if flag.short], [f.tag for f in flags]):
        assert len(names) == len(set(names))
