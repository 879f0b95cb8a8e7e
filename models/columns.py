"""Column types and names that several tables share."""

from sqlalchemy import BigInteger, Integer, MetaData
from sqlmodel import SQLModel

SQLModel.metadata.naming_convention = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
).naming_convention

# A BIGINT primary key in SQLite is a second index beside the rowid; INTEGER is the rowid itself.
BigKey = BigInteger().with_variant(Integer(), "sqlite")
