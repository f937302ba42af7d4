"""Headers in ten languages, and lists of accounts with labels."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.intake.fields import (
    FIELDS,
    RATE,
    day_in,
    metric_in,
    named_like,
    plain_name,
    vocabulary,
)
from workbench.intake.importing import import_files
from workbench.intake.layouts import Layout, group_files
from workbench.intake.mapping import propose_mapping
from workbench.intake.personal import personal_columns
from workbench.intake.read import read_files
from workbench.store import open_store

FILE = files("workbench.intake").joinpath("languages.yaml")
LANGUAGES = yaml.safe_load(FILE.read_text(encoding="utf-8"))
NAMES = [
    (language, field, name)
    for language, words in LANGUAGES.items()
    for field, names in words["names"].items()
    for name in names
]
# A day of counts and a time of posting, or of reading, share their names.
DATES = {"observed_on", "observed_at", "posted_at"}
POSTS = {
    "de": "Benutzername;Beitrags-ID;Veröffentlicht am;Gefällt mir;Kommentare;Aufrufe;Reichweite",
    "fr": "Nom d'utilisateur;ID de publication;Publié le;J'aime;Commentaires;Vues;Couverture",
    "es": "Nombre de usuario;ID de publicación;Publicado el;Me gusta;Comentarios;Vistas;Alcance",
    "pt": "Nome de usuário;ID do post;Publicado em;Curtidas;Comentários;Visualizações;Alcance",
    "it": "Nome utente;ID del post;Pubblicato il;Mi piace;Commenti;Visualizzazioni;Copertura",
    "nl": "Gebruikersnaam;Bericht-ID;Geplaatst op;Vind-ik-leuks;Opmerkingen;Weergaven;Bereik",
    "pl": "Nazwa użytkownika;ID posta;Data publikacji;Polubienia;Komentarze;Wyświetlenia;Zasięg",
    "tr": "KULLANICI ADI;GÖNDERİ KİMLİĞİ;YAYINLANMA TARİHİ;BEĞENİ SAYISI;YORUM;İZLENME;ERİŞİM",
    "id": "Nama pengguna;ID postingan;Tanggal posting;Suka;Komentar;Tayangan;Jangkauan",
}
AVERAGES = {
    "de": "Kanal;Abonnenten;Durchschn. Likes;Durchschnittliche Kommentare;Engagement-Rate",
    "fr": "Compte;Nombre d'abonnés;J'aime moyens;Moyenne des commentaires;Taux d'engagement (%)",
    "es": "Cuenta;Seguidores;Me gusta promedio;Promedio de comentarios;Tasa de interacción",
    "pt": "Conta;Seguidores;Média de curtidas;Comentários médios;Taxa de engajamento",
    "it": "Nome utente;Numero di follower;Mi piace medi;Media commenti;Tasso di engagement",
    "nl": "Gebruikersnaam;Aantal volgers;Gem. likes;Gemiddelde opmerkingen;Engagementpercentage",
    "pl": "Konto;Liczba obserwujących;Średnia liczba polubień;Śr. komentarzy;Wskaźnik interakcji",
    "tr": "Hesap;Takipçi sayısı;Ortalama beğeni;Ort. yorum sayısı;Etkileşim oranı",
    "id": "Akun;Jumlah pengikut;Rata-rata suka;Rata-rata komentar;Tingkat keterlibatan",
}

FEES = {
    "de": "Nutzername;Leistung;Honorar;Währung;Angebotsdatum",
    "fr": "Compte;Prestation;Tarif;Devise;Date du devis",
    "es": "Cuenta;Entregable;Tarifa;Moneda;Fecha de cotización",
    "pt": "Conta;Entregável;Cachê;Moeda;Data do orçamento",
    "it": "Nome utente;Prestazione;Compenso;Valuta;Data del preventivo",
    "nl": "Gebruikersnaam;Prestatie;Tarief;Valuta;Offertedatum",
    "pl": "Konto;Rodzaj współpracy;Stawka;Waluta;Data wyceny",
    "tr": "HESAP;REKLAM FORMATI;ÜCRET;PARA BİRİMİ;TEKLİF TARİHİ",
    "id": "Akun;Format iklan;Biaya;Mata uang;Tanggal penawaran",
}
OVERLAPS = {
    "de": "Konto A;Konto B;Zielgruppenüberschneidung;Anteil an",
    "fr": "Créateur A;Créateur B;Chevauchement d'audience;Part de",
    "es": "Cuenta A;Cuenta B;Solapamiento de audiencia;Porcentaje de",
    "pt": "Criador 1;Criador 2;Sobreposição de público;Porcentagem de",
    "it": "Profilo A;Profilo B;Sovrapposizione follower;Percentuale di",
    "nl": "Maker 1;Maker 2;Publieksoverlap;Percentage van",
    "pl": "Konto A;Konto B;Wspólni odbiorcy;Odsetek z",
    "tr": "HESAP 1;HESAP 2;TAKİPÇİ ÖRTÜŞMESİ;BAZ",
    "id": "Akun A;Akun B;Irisan audiens;Persentase dari",
}


def layout(folder: Path, text: str, name: str = "instagram.csv") -> Layout:
    (folder / name).write_text(text, encoding="utf-8")
    return group_files(read_files([folder / name]), None)[0]


@pytest.mark.parametrize("language", POSTS)
def test_an_export_of_posts_is_understood(tmp_path: Path, language: str) -> None:
    rows = "".join(f"ann;p{n};2026-01-{n:02d};90;9;1.900;1.200\n" for n in range(1, 8))
    found = propose_mapping(layout(tmp_path, f"{POSTS[language]}\n{rows}"))
    assert found.faults == []
    assert found.rows == "post"
    assert [*found.mapping.items()] == [
        *zip(
            ("handle", "post_id", "posted_at", "likes", "comments", "views", "reach"),
            POSTS[language].split(";"),
            strict=True,
        )
    ]


@pytest.mark.parametrize("language", FEES)
def test_a_list_of_fees_is_understood(tmp_path: Path, language: str) -> None:
    rows = "".join(f"ann{n};Reel;1.{n}00,50;EUR;2026-01-0{n}\n" for n in range(1, 8))
    found = propose_mapping(layout(tmp_path, f"{FEES[language]}\n{rows}"))
    assert found.faults == []
    assert found.rows == "fee"
    fields = ("handle", "deliverable", "fee", "currency", "observed_on")
    expected = dict(zip(fields, FEES[language].split(";"), strict=True))
    assert found.mapping == expected


@pytest.mark.parametrize("language", OVERLAPS)
def test_a_list_of_overlaps_is_understood(tmp_path: Path, language: str) -> None:
    rows = "".join(f"ann;ben{n};{n},5 %;union\n" for n in range(1, 8))
    found = propose_mapping(layout(tmp_path, f"{OVERLAPS[language]}\n{rows}"))
    assert found.faults == []
    assert found.rows == "overlap"
    fields = ("handle", "other_handle", "share", "base")
    assert found.mapping == dict(zip(fields, OVERLAPS[language].split(";"), strict=True))


@pytest.mark.parametrize(
    "header", ["Beitrag;Story;Video", "Publication;Story;Vidéo", "Wpis;Relacja;Film"]
)
def test_a_rate_card_is_understood(tmp_path: Path, header: str) -> None:
    path = tmp_path / "instagram.csv"
    path.write_text(f"Handle;{header}\nann;1.200 €;300 €;900 €\n", encoding="utf-8")
    import_files([path], tmp_path / "out", as_of="2026-01-31")
    found = open_store(tmp_path / "out").read("fee_quotes")
    fees = dict(zip(found["deliverable"], found["fee"], strict=True))
    assert fees == {"post": 1200, "story": 300, "video": 900}


@pytest.mark.parametrize("language", AVERAGES)
def test_an_export_of_averages_is_understood(tmp_path: Path, language: str) -> None:
    rows = "".join(f"ann{n};10.000;390,5;12,5;4,03%\n" for n in range(1, 8))
    found = propose_mapping(layout(tmp_path, f"{AVERAGES[language]}\n{rows}"))
    assert found.faults == []
    assert [*found.mapping] == ["handle", "followers", "likes_mean", "comments_mean", RATE]


@pytest.mark.parametrize("header", ["Aufrufe", "Vues", "Wyświetlenia", "İzlenme"])
def test_a_translated_header_that_lies_is_told(tmp_path: Path, header: str) -> None:
    rows = "".join(f"ann;p{n};2026-01-{n:02d};9;Spain\n" for n in range(1, 5))
    text = f"Handle;Post ID;Posted at;Likes;{header}\n{rows}"
    (fault,) = propose_mapping(layout(tmp_path, text)).faults
    assert f"'{header}' as views: expected a count" in fault


@pytest.mark.parametrize("header", ["Nr.", "Numero", "Anzahl", "Jumlah", "#"])
def test_a_number_of_nothing_is_no_column(tmp_path: Path, header: str) -> None:
    found = propose_mapping(layout(tmp_path, f"{header},Handle,Followers\n1,ann,9\n2,bob,8\n"))
    assert found.faults == []
    assert header not in found.mapping.values()


def test_the_languages_have_the_same_words() -> None:
    for words in LANGUAGES.values():
        assert words.keys() == LANGUAGES["de"].keys()
        assert words["names"].keys() == LANGUAGES["de"]["names"].keys()
        assert words["names"].keys() <= FIELDS.keys()
        assert len(words["months"]) == 12


def test_no_name_stands_for_two_columns() -> None:
    columns: dict[str, set[str]] = {}
    for field, names in vocabulary().names.items():
        for name in names:
            columns.setdefault(name, set()).add(field)
    twice = {name for name, fields in columns.items() if len(fields) > 1 and not fields <= DATES}
    assert twice == set()


@settings(max_examples=100)
@given(
    st.sampled_from(NAMES),
    st.sampled_from(["upper", "lower", "title"]),
    st.sampled_from(["{}", " {} ", "{} (2)", "{}:", "{} *"]),
)
def test_a_header_comes_back_however_it_is_written(
    named: tuple[str, str, str], case: str, form: str
) -> None:
    _, field, name = named
    scores = named_like(plain_name(form.format(getattr(name, case)())))
    assert scores[field][1]
    others = {score for column, (score, _) in scores.items() if {column, field} - DATES}
    assert scores[field][0] >= max(others, default=0)


@pytest.mark.parametrize(
    ("words", "figure"),
    [
        ("ø likes", "likes_mean"),
        ("visualizzazioni totali", "views_sum"),
        ("mediana curtidas", "likes_median"),
        ("interaktionen", "engagements_reported"),
    ],
)
def test_a_figure_is_named_in_other_languages(words: str, figure: str) -> None:
    assert metric_in(words) == figure


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("seguidores-marzo-2022.csv", "2022-03-31"),
        ("Beğeni_AĞUSTOS_2022.xlsx", "2022-08-31"),
        ("mars_2022.csv", None),
        ("list_2022.csv", None),
        ("data_set_2022.csv", None),
    ],
)
def test_a_month_in_a_file_name_is_one(name: str, day: str | None) -> None:
    found = day_in(name)
    assert (found and found.isoformat()) == day


def test_flags_are_read_in_other_languages(tmp_path: Path) -> None:
    said = ["sí", "oui", "sim", "Tak", "EVET", "ja", "da", "não", "nie", "HAYIR", "tidak", "nee"]
    rows = "".join(f"ann{n},{n},{word}\n" for n, word in enumerate(said))
    path = tmp_path / "instagram.csv"
    path.write_text(f"Handle,Followers,Verified\n{rows}", encoding="utf-8")
    import_files([path], tmp_path / "out", as_of="2026-01-31")
    found = open_store(tmp_path / "out").read("creators").set_index("handle")["verified"]
    assert [found[f"ann{n}"] for n in range(12)] == [True] * 7 + [False] * 5


@pytest.mark.parametrize(
    "name", ["Correo electrónico", "Téléphone", "Data di nascita", "Doğum Tarihi", "E-posta"]
)
def test_contact_data_is_known_in_other_languages(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"Handle,{name}\nann,x\n", encoding="utf-8")
    (file,) = read_files([path])
    assert file.personal == (name,)
    assert personal_columns(file.cells) == []


@pytest.mark.parametrize(
    "header",
    [
        "userFollowerCount,userFollowingCount,userMediaCount",
        "#followers,#follows,#posts",
        "Followers,Following,Posts",
    ],
)
def test_lists_of_labelled_accounts_have_known_counts(tmp_path: Path, header: str) -> None:
    found = propose_mapping(layout(tmp_path, f"{header},fake\n12,30,4,0\n15,20,3,1\n")).mapping
    assert [found.get(name) for name in ("followers", "following", "posts_count")] == [
        *header.split(",")
    ]
