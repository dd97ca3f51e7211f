from deploy.local.schemas import normalised

DUMP = """--
-- PostgreSQL database dump
--

\\restrict 3kVbq

SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);

CREATE TABLE public.disputes (
    id uuid NOT NULL
);



CREATE INDEX disputes_open ON public.disputes USING btree (id);

\\unrestrict 3kVbq
"""


def test_a_dump_is_reduced_to_its_statements() -> None:
    assert normalised(DUMP) == (
        "CREATE TABLE public.disputes (\n    id uuid NOT NULL\n);\n\n"
        "CREATE INDEX disputes_open ON public.disputes USING btree (id);\n"
    )
